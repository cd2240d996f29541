/** One open event stream: where its bytes go, what it asked for, and how far it is. */
import type { CompiledFilter } from './filter.ts'
import type { Sink } from './sink.ts'

export interface Client {
  readonly sink: Sink
  readonly filter: CompiledFilter
  /** Everything up to here was sent or is not for this client. */
  position: number
  live: boolean
}
