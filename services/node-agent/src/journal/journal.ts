/**
 * What the agent must not forget when it is killed: the latest transition of each execution, the transitions that the
 * log has not acknowledged, the held document and the contents. All calls are synchronous, and what they wrote survives
 * the end of the process. `record`, `save` and `renew` also survive a cut of the power when they return (write-ahead log,
 * synchronous = full), and with them everything that was written before; the other calls do so with the next of these. A call
 * that could not write throws and has changed nothing. `steadyJournal` makes one of it that keeps in memory what cannot be written yet.
 */
import type { Content, DesiredExecution, ExecutionId, JournalId, Sha256, Transition } from '@dunlin/contracts/agent'
import type { AttemptFailure, Cutting } from '@dunlin/domain/agent'

/** What only this node knows of an execution. Instants are ms since the epoch: the monotonic clock ends with the process. */
export interface LocalState {
  /** The number of the present or last attempt; 0 before the first. */
  readonly attempt: number
  /** Restarts in a row without a healthy stretch (`afterAttempt`). */
  readonly streak: number
  readonly startingAt: number
  readonly attemptAt: number
  /** When the next attempt is due, while backing off. */
  readonly nextAttemptAt?: number
  /** Why the present attempt is being ended; written before the first signal, so that a restart goes on with it. */
  readonly ending?: 'stop' | 'time_out' | AttemptFailure
  /** Cumulative counters over all attempts, as last seen. */
  readonly in: number
  readonly failed: number
  readonly cutting?: Cutting
  /** Transitions that were told to nobody because a restarting execution reports at most once a minute. */
  readonly untold: number
}

export interface KnownExecution {
  readonly entry: DesiredExecution
  readonly local: LocalState
  readonly latest: Transition
  /** The counter of `latest`. */
  readonly j: number
}

export interface Unsent {
  readonly j: number
  readonly transition: Transition
}

export interface Journal {
  /** Changes when the journal was lost, cut or found to have gone backwards. */
  readonly id: JournalId
  /** The counter of the last transition. */
  readonly j: number
  /** The log's acknowledged counter: everything at or below it is known there. */
  readonly acknowledgedJ: number
  /** Makes `transition` the latest one; with `tell` it also goes to the log. Returns its counter. */
  record(entry: DesiredExecution, local: LocalState, transition: Transition, tell: boolean): number
  /** Local state (and a later form of the entry) without a transition. */
  save(changed: readonly Pick<KnownExecution, 'entry' | 'local'>[]): void
  /** Whether everything of this execution is written; not so while the file cannot be written. */
  isDurable(execution: ExecutionId): boolean
  /** Whether a content that was saved is written. */
  isKept(hash: Sha256): boolean
  executions(): KnownExecution[]
  forget(execution: ExecutionId): void
  /** Oldest first. */
  unsent(limit: number): Unsent[]
  /** What is unsent up to this counter is on its way: it is not compacted any more. */
  sending(j: number): void
  acknowledge(j: number): void
  /** Begins a new journal id with everything else kept: the log knows a counter above this journal's. */
  renew(): void
  document(): string | undefined
  saveDocument(text: string): void
  content(hash: Sha256): Content | undefined
  saveContent(hash: Sha256, content: Content): void
  /** Deletes every other content. */
  keepContents(hashes: ReadonlySet<Sha256>): void
  /** Bytes in use of the bound. */
  usedBytes(): number
  close(): void
}
