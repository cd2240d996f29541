/** What an agent knows of one execution on its own node: the `observed` of `converge(desired, observed, now)`. */
import type { DesiredExecution, JobKey } from '@dunlin/contracts/agent'

/** What the agent itself found wrong with an attempt that runs. */
export type AttemptFailure = 'startup_failed' | 'liveness_failed' | 'disk_quota'

/** Instants are milliseconds of the node's monotonic clock. */
export type Phase =
  /** `starting` stands in the journal; nothing was touched. It may be touched once the log has acknowledged it. */
  | { readonly is: 'announced'; readonly acknowledged: boolean }
  /** The driver was told to start an attempt and has not answered yet. `timeoutAtMs` as below: starting counts, too. */
  | { readonly is: 'starting'; readonly timeoutAtMs?: number }
  /** `timeoutAtMs`: when the attempt has used up its execution_timeout; `failed`: why it must not run on. */
  | { readonly is: 'running'; readonly timeoutAtMs?: number; readonly failed?: AttemptFailure }
  /** The last attempt ended; the next one is due at `untilMs`. */
  | { readonly is: 'backing_off'; readonly untilMs: number }
  /** The driver was told to stop the attempt and it is not gone yet. */
  | { readonly is: 'stopping' }
  /** Stopped, completed or failed: it never starts again. `acknowledged`: the log holds its last transition. */
  | { readonly is: 'ended'; readonly acknowledged: boolean }

export interface Observed {
  /** The document's entry under which it was announced, or a later form of the same entry. */
  readonly entry: Pick<DesiredExecution, 'execution' | 'generation' | 'content'> & { readonly job: JobKey }
  readonly phase: Phase
}

/** A process of the execution may exist. */
export const mayHaveProcess = ({ phase }: Observed): boolean =>
  phase.is === 'starting' || phase.is === 'running' || phase.is === 'stopping'

/** It was started at least once and is not over: "the version that runs" of the activation rule. */
export const isTouched = (observed: Observed): boolean =>
  mayHaveProcess(observed) || observed.phase.is === 'backing_off'
