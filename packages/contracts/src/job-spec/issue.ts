/** One thing that is wrong with a spec, before it is told to anybody. */
import type { Path } from '../source/place.ts'

export interface SpecIssue {
  readonly path: Path
  /** Stable word for programs: unknown_field, required, unsafe_number, literal_secret, contradiction ... */
  readonly code: string
  readonly message: string
  readonly hint?: string
}
