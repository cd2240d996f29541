/**
 * All rollouts of a job: the one that is open, what was granted to each node last, and who is at risk over all of them.
 * Accounting is kept while folding, so that no decision scans the fleet.
 */
import type {
  ExecutionId,
  HealthWindow,
  NodeId,
  RolloutId,
  RolloutPolicy,
  RolloutType,
  Sha256,
} from '@dunlin/contracts'

/** One node's place in a rollout. Each granted node is in exactly one slot. */
export type Slot = 'open' | 'healthy' | 'failed' | 'deferred'

/** The latest grant of a node in this job. Its generation is `[epoch, seq]`. */
export interface Grant {
  readonly execution: ExecutionId
  readonly previous?: ExecutionId
  readonly rollout: RolloutId
  readonly version: number
  readonly content: Sha256
  readonly epoch: number
  readonly seq: number
  readonly at: number
  readonly wave: number
  /** `stableAt` is set when the validation passed; a later failure degrades the job and never counts as a verdict. */
  verdict?: {
    readonly is: 'healthy' | 'failed'
    readonly reason: string
    readonly at: number
    readonly window: number
    readonly evidence: readonly HealthWindow[]
  }
}

export type RolloutPhase = 'planning' | 'running' | 'halted' | 'completed' | 'superseded' | 'canceled' | 'expired'

export interface Rollout {
  readonly id: RolloutId
  readonly type: RolloutType
  readonly version: number
  readonly content: Sha256
  readonly policy: RolloutPolicy
  readonly seed: number
  readonly openedAt: number
  readonly openedSeq: number
  phase: RolloutPhase
  /** Ordered; empty until the plan is complete. */
  targets: readonly NodeId[]
  /** Sizes of the waves, in order. */
  waves: readonly number[]
  /** Index of the wave under way; -1 before the first. Joiners are granted under index `waves.length`. */
  wave: number
  wavesPassed: number
  /** Place of every target or joiner whose turn has come. */
  readonly slots: Map<NodeId, Slot>
  readonly counts: { open: number; healthy: number; failed: number; deferred: number }
  halted?: { readonly reason: string; readonly message: string; readonly at: number }
  closedAt?: number
  /** Parts of a plan that has not ended. */
  unfinished?: { parts: number; targets: NodeId[] }
}

export interface RolloutSummary {
  readonly id: RolloutId
  readonly type: RolloutType
  readonly version: number
  readonly phase: RolloutPhase
  readonly openedAt: number
  readonly closedAt: number
  readonly counts: Readonly<Rollout['counts']>
}

export interface Rollouts {
  /** The rollout opened last, whatever its phase: joiners after completion are its grants too. */
  current?: Rollout
  /** Newest last. */
  past: RolloutSummary[]
  /** Version and content of the latest rollout that completed with a healthy node on it. */
  fallback?: { readonly version: number; readonly content: Sha256 }
  readonly grants: Map<NodeId, Grant>
  /** Granted and not yet settled healthy, over all rollouts; failed nodes stay until recovered or removed. */
  readonly atRisk: Set<NodeId>
}

export const ROLLOUTS_KEPT = 16

export const noRollouts = (): Rollouts => ({ past: [], grants: new Map(), atRisk: new Set() })

/** It may still grant, or (halted) be resumed: closing it is worth an event. */
export const mayClose = (rollout: Rollout | undefined): rollout is Rollout =>
  rollout !== undefined && ['planning', 'running', 'halted'].includes(rollout.phase)

/** Numbers of a rollout as events and views state them. */
export const countsOf = (rollout: Rollout) => ({
  targets: rollout.targets.length,
  granted: rollout.counts.open + rollout.counts.healthy + rollout.counts.failed,
  healthy: rollout.counts.healthy,
  failed: rollout.counts.failed,
  deferred: rollout.counts.deferred,
})
