/** One aggregate as the fold keeps it: what everybody may read (`Aggregate`), and what only the fold needs. */
import type { Aggregate, Condition, Folding } from '../aggregate.ts'
import type { FenceRules } from '../fence.ts'

/** Mutable on purpose: a fold that made a new object for each commit would be half as fast. */
export interface Cell<S = unknown> extends Aggregate<S> {
  readonly kind: KindRules
  readonly key: string
  v: number
  seq: number
  at: number
  cmd: string
  condition: Condition
  state: S
  /**
   * Version of the newest checkpoint; what lies above it is the visible history. 0 = all of it. On report subjects: how many
   * messages stand from the latest announcement on.
   */
  baseV: number
  /** Messages below the latest announcement: what compaction of a report subject could purge. */
  below: number
  /** Number of the last capture (snapshot under way) that has written this cell. */
  captured: number
}

export interface KindRules {
  readonly name: string
  readonly folding: Folding<unknown>
  readonly rules: FenceRules
}

export const OK: Condition = { is: 'ok' }

export const newCell = (
  kind: KindRules,
  subject: string,
  key: string,
  state: unknown = kind.folding.initial(),
): Cell => ({
  subject,
  kind,
  key,
  v: 0,
  seq: 0,
  at: 0,
  cmd: '',
  condition: OK,
  state,
  baseV: 0,
  below: 0,
  captured: 0,
})
