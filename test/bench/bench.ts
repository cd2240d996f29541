/** A bench measures one figure, or several that come out of the same run. */
import type { Figure } from './figure.ts'

export interface BenchContext {
  /** Small sizes and one round: shows that the bench runs; its figures mean nothing. */
  readonly quick: boolean
  /** Path of the nats-server. */
  readonly binary: string
  /** Emptied by whoever made it. */
  readonly dir: string
  /** Progress, for people. */
  readonly say: (line: string) => void
}

export interface Bench {
  /** Names of its figures, for `--only`. */
  readonly figures: readonly string[]
  /** `wanted`: which of its figures were asked for; it may leave out the work of the others. */
  readonly run: (context: BenchContext, wanted: ReadonlySet<string>) => Promise<readonly Figure[]>
}
