/**
 * How commits become state. A `Folding` is what a domain module offers for one kind of subject; the fence decides for
 * every commit whether it may be folded; an `Aggregate` is one subject's state with its position in the log.
 */
import { DunlinError, type Commit } from '@dunlin/contracts/agent'

export interface Folding<S> {
  readonly initial: () => S
  /** Folds all events of one admitted commit, in order. May change `state` in place and return it. */
  readonly applyCommit: (state: S, commit: Commit<{ readonly type: string }>, seq: number) => S
  /** False for event types of later releases: the aggregate becomes read-only (`needs_upgrade`) in this process. */
  readonly knows: (eventType: string) => boolean
  /** `report`: versions count within a boot and nothing is ever quarantined (see docs/architecture.md). */
  readonly fence: 'strict' | 'report'
  /**
   * The one actor whose commits count on the subject of this key (report subjects); what anybody else writes there is
   * `forged` and changes nothing.
   */
  readonly writerOf?: (key: string) => string
  /** Optional: does the state remember this command id? Only to name a repeat `duplicate` instead of `stale`. */
  readonly remembers?: (state: S, cmd: string) => boolean
  /**
   * For snapshots and checkpoints: JSON in, JSON out; `fromJson` of what was written and parsed again equals the state.
   * It may keep parts of what it is given: whoever calls it has just parsed that and lets it go.
   */
  readonly toJson: (state: S) => unknown
  readonly fromJson: (json: unknown) => S
}

export type Condition =
  | { readonly is: 'ok' }
  /** Commits are missing or unreadable: decisions are refused with log_gap until a checkpoint lifts it. */
  | { readonly is: 'quarantined'; readonly sinceSeq: number; readonly detail: string }
  /** A newer release wrote here: this process reads only. */
  | { readonly is: 'read_only'; readonly sinceSeq: number; readonly detail: string }

/** Why this process must decide nothing about an aggregate; undefined when it may. */
export const conditionError = (condition: Condition): DunlinError | undefined =>
  condition.is === 'ok'
    ? undefined
    : new DunlinError(condition.is === 'quarantined' ? 'log_gap' : 'needs_upgrade', condition.detail)

export interface Aggregate<S> {
  readonly subject: string
  /** Version of the last admitted commit; 0 before the first. */
  readonly v: number
  /** Stream sequence of the last message on the subject that this fold has seen, admitted or not: what to expect next. */
  readonly seq: number
  /** `at` of the last admitted commit. */
  readonly at: number
  readonly condition: Condition
  readonly state: S
}

/** What the fence did with one message. `forged`: not by the writer of this report subject. */
export type Admission = 'admitted' | 'duplicate' | 'stale' | 'quarantined' | 'read_only' | 'ignored' | 'forged'

/** Told to listeners after each message that was folded or refused. */
export interface Folded<K extends string = string> {
  readonly kind: K
  /** The subject's key within its kind, as `route` gave it (job key text, node id). */
  readonly key: string
  readonly seq: number
  readonly admission: Admission
  readonly commit: Commit<{ readonly type: string }> | undefined
}
