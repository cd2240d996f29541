/** A plan is a list of steps; each names its execution and says why, so that `explain` needs nothing else. */
import type { DesiredExecution, ExecutionId, Generation, Sha256 } from '@dunlin/contracts/agent'
import type { AttemptFailure } from './observed.ts'

export type StopReason =
  /** The document has no entry for it, or the job is gone. */
  | 'absent'
  /** Its entry says stopped. */
  | 'ordered'
  /** A newer execution of the same job may start now. */
  | 'replaced'

export type WaitReason =
  /** No activation from a document that was not read over a live connection within `freshForMs`. */
  | 'fresh_document'
  | 'content'
  /** `starting` is not acknowledged by the log. */
  | 'acknowledgement'
  /** Another execution of the job is not gone yet. */
  | 'old_execution'
  | 'back_off'
  | 'driver'

export type KeepReason =
  | 'desired'
  | 'ended'
  /** It is not in the document, but its replacement may not start yet; until then it runs on. */
  | 'until_replacement_may_start'
  /** The document's entry for the job is of a lower generation than what this node was told before. */
  | 'newer_than_document'
  /** No document was ever read: nothing is known to be unwanted. */
  | 'no_document'

export type Step =
  | { readonly do: 'fetch'; readonly execution: ExecutionId; readonly content: Sha256 }
  /** Append `starting` and wait until the log acknowledges it. */
  | { readonly do: 'announce'; readonly execution: ExecutionId; readonly entry: DesiredExecution }
  | { readonly do: 'start'; readonly execution: ExecutionId; readonly why: 'activation' | 'restart' }
  | { readonly do: 'stop'; readonly execution: ExecutionId; readonly why: StopReason }
  /** End this attempt; the restart policy decides what follows. */
  | { readonly do: 'time_out'; readonly execution: ExecutionId }
  /** End this attempt, because something is wrong with it although it runs; `afterAttempt` decides what follows. */
  | { readonly do: 'end_attempt'; readonly execution: ExecutionId; readonly why: AttemptFailure }
  /** It cannot run here and trying again cannot help. */
  | {
      readonly do: 'fail'
      readonly execution: ExecutionId
      readonly entry: DesiredExecution
      readonly problem: ContentProblem
    }
  | { readonly do: 'keep'; readonly execution: ExecutionId; readonly why: KeepReason; readonly untilMs?: number }
  /** `untilMs` when the wait ends by time alone. */
  | { readonly do: 'wait'; readonly execution: ExecutionId; readonly for: WaitReason; readonly untilMs?: number }
  /** The entry is older than what this node was told of the job before; a late order cannot undo a newer one. */
  | { readonly do: 'ignore'; readonly execution: ExecutionId; readonly generation: Generation }
  /** It is over, the log knows it and the document no longer names it. */
  | { readonly do: 'forget'; readonly execution: ExecutionId }

export interface ContentProblem {
  readonly code: string
  readonly message: string
  readonly hint?: string
}

/** Steps that change something; the others only explain. */
export const isAction = (step: Step): boolean => step.do !== 'keep' && step.do !== 'wait' && step.do !== 'ignore'
