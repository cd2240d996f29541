/** What a simulated execution does: scripted per (content, node), so that a test can break a version on some nodes. */
import type { ExecutionId, JobKey, NodeId, Sha256 } from '@dunlin/contracts/agent'
import type { Disturbance } from '@dunlin/domain/agent'

export interface ScriptFacts {
  readonly node: NodeId
  readonly execution: ExecutionId
  readonly job: JobKey
  readonly version: number
  readonly content: Sha256
}

export interface Script {
  /** From the acknowledgement of `starting` to `running`. Default 0. */
  readonly startsInMs?: number
  /** Default 10. */
  readonly inPerSecond?: number
  /** Default 0. */
  readonly failedPerSecond?: number
  /** Every window shows this. Default none. */
  readonly disturbed?: Disturbance
  /** Instead of running on, it ends this long after `running`. */
  readonly ends?: { readonly afterMs: number; readonly as: 'completed' | 'failed'; readonly message?: string }
  /** The node falls silent as soon as `starting` is acknowledged: no report, no heartbeat, no answer. */
  readonly silencesNode?: boolean
}

export type Scripts = (facts: ScriptFacts) => Script

export const healthy: Scripts = () => ({})
