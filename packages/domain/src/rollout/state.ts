/**
 * All rollouts of a job: the one that is open, what was granted to each node last, and who is at risk over all of them.
 * Accounting is kept while folding, so that no decision scans the fleet.
 */
import type {
  ExecutionId,
  HaltEvidence,
  HealthWindow,
  Hold,
  NodeId,
  RolloutCounts,
  RolloutId,
  RolloutPolicy,
  RolloutType,
  Sha256,
} from '@dunlin/contracts'
import type { Evidence } from './analysis/one-sample.ts'

/**
 * One node's place in a rollout: each node whose turn has come is in exactly one. `open` = granted, no verdict; `lost` =
 * silent after `starting`; `deferred` = could not be reached when its turn came; `removed` = no longer placed.
 */
export type Slot = 'open' | 'healthy' | 'failed' | 'lost' | 'deferred' | 'removed'

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
  /** The node was unhealthy when this was granted: what comes of it is no evidence about the version. */
  readonly wasUnhealthy?: true
  /** The node's latest grant that settled healthy: what it goes back to when this one is revoked. */
  readonly lastHealthy?: Grant
  /** The grant before this one had not settled healthy: when this one is revoked, the node runs nothing that is known to be well. */
  readonly overtakes?: 'at_risk' | 'written_off'
  /** Stands again because a later one was revoked; the node has perhaps ended it for one in between. */
  readonly isUnproven?: true
  /** Revoked before this was granted, and perhaps activated all the same. */
  readonly afterRevoked?: readonly ExecutionId[]
  /** Failed, and a person decided to go on without it: no longer at risk, still listed, kept stopped. */
  writtenOff?: true
  /** Failed in a rollout that has halted: it stays stopped, whatever rollout comes next, until something else is granted. */
  stopped?: true
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

export interface HeldBy {
  readonly since: number
  readonly by: string
  readonly reason: string
  readonly message: string
}

/** What the outcomes of nodes say about the version, from the beginning or from a person's last resume. */
export interface RolloutEvidence extends Evidence {
  /** Granted nodes whose outcome says nothing, because they were unhealthy before. */
  readonly excluded: number
  /** Settled before the last resume: they stay in the record and count no more. */
  readonly before: number
}

export interface Rollout {
  readonly id: RolloutId
  readonly type: RolloutType
  readonly version: number
  readonly content: Sha256
  readonly policy: RolloutPolicy
  /** The whole spec of the version; a later rollback takes its content. */
  readonly spec: Readonly<Record<string, unknown>>
  readonly seed: number
  /** The content was proven when this was opened: what goes back to it needs no ramp. */
  readonly isProven: boolean
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
  /** Nodes that may be at risk at once, over all rollouts of the job. */
  budget: number
  /** Targets that were unhealthy when the plan was drawn. */
  unhealthy: number
  /** Placed nodes that ran this content healthily when the plan was drawn. */
  already: number
  /** Place of every target or joiner whose turn has come. */
  readonly slots: Map<NodeId, Slot>
  readonly counts: Record<Slot, number>
  evidence: RolloutEvidence
  readonly holds: { -readonly [H in Hold]?: HeldBy }
  /** Time during which any hold stood, without the present one: deadlines stop meanwhile. */
  heldMs: number
  heldSince?: number
  /** A person let the rollout pass its canary wave. */
  promoted: boolean
  /** The job was stopped or deleted since: its grants are void, and what runs next is another rollout. */
  voided?: true
  /** The last halt; stays when a person resumes. */
  halted?: HaltRecord
  closedAt?: number
  /** Parts of a plan that has not ended. */
  unfinished?: { parts: number; targets: NodeId[] }
}

export interface HaltRecord {
  readonly reason: string
  readonly message: string
  readonly at: number
  readonly by: string
  readonly evidence?: HaltEvidence
}

/** A content that a rollout has brought to at least one healthy node, and that has had no FAIL since. */
export interface Proven {
  readonly rollout: RolloutId
  readonly version: number
  readonly content: Sha256
  readonly spec: Readonly<Record<string, unknown>>
}

export interface RolloutSummary {
  readonly id: RolloutId
  readonly type: RolloutType
  readonly version: number
  readonly phase: RolloutPhase
  readonly openedAt: number
  readonly closedAt: number
  readonly counts: Readonly<Rollout['counts']>
  readonly halted?: HaltRecord
}

export interface Rollouts {
  /** The rollout opened last, whatever its phase: joiners after completion are its grants too. */
  current?: Rollout
  /** Newest last. */
  past: RolloutSummary[]
  /** Contents to go back to, one entry each; the latest proven last. */
  proven: Proven[]
  readonly grants: Map<NodeId, Grant>
  /** Granted and not yet settled healthy, over all rollouts; failed nodes stay until recovered, removed or written off. */
  readonly atRisk: Set<NodeId>
  /** Nodes at risk only because a revoked grant may still be activated. */
  readonly revoked: Map<NodeId, Revocation>
}

export interface Revocation {
  /** What the node may still activate, or has activated while nobody heard it; with what was revoked right before it. */
  readonly executions: readonly ExecutionId[]
  /** Log sequence of the revocation: a document of this generation no longer holds the grant. */
  readonly seq: number
}

export const ROLLOUTS_KEPT = 16
export const PROVEN_KEPT = 4

export const noRollouts = (): Rollouts => ({
  past: [],
  proven: [],
  grants: new Map(),
  atRisk: new Set(),
  revoked: new Map(),
})

export const noSlots = (): Rollout['counts'] => ({ open: 0, healthy: 0, failed: 0, lost: 0, deferred: 0, removed: 0 })

/** What a rollback from `content` goes back to: the latest proven content that is another one. */
export const fallbackFrom = (rollouts: Rollouts, content: Sha256 | undefined): Proven | undefined =>
  rollouts.proven.findLast((one) => one.content !== content)

export const holdsOf = (rollout: Rollout): readonly Hold[] => Object.keys(rollout.holds) as Hold[]
export const isHeld = (rollout: Rollout): boolean => rollout.heldSince !== undefined

/** The node runs this content and is healthy: nothing has to be granted to it. */
export const runsHealthily = (grant: Grant | undefined, content: Sha256): boolean =>
  grant !== undefined && grant.content === content && grant.verdict?.is === 'healthy'

/**
 * Whom a person's resume writes off: who failed here, and who failed or fell silent in a rollout before and was not granted
 * anything since. Revoked grants free their places by themselves.
 */
export const toWriteOff = ({ atRisk, revoked, grants }: Rollouts, rollout: Rollout): readonly NodeId[] =>
  [...atRisk].filter((node) => {
    const slot = rollout.slots.get(node)
    if (slot === 'failed' || slot === 'lost') return true
    return slot !== 'open' && !revoked.has(node) && grants.get(node)?.rollout !== rollout.id
  })

/** Nothing has to be granted to it; one whose revoked grant may have been activated runs perhaps something else by now. */
export const isRight = ({ grants, revoked }: Rollouts, node: NodeId, content: Sha256): boolean =>
  runsHealthily(grants.get(node), content) && !revoked.has(node)

/** When every target was unhealthy before, leaving them all out would leave nothing to judge by. */
export const countsEverybody = (rollout: Pick<Rollout, 'unhealthy' | 'targets'>): boolean =>
  rollout.unhealthy >= rollout.targets.length

/** It may still grant, or (halted) be resumed: closing it is worth an event. */
export const mayClose = (rollout: Rollout | undefined): rollout is Rollout =>
  rollout !== undefined && ['planning', 'running', 'halted'].includes(rollout.phase)

/** Numbers of a rollout as events and views state them. */
export const countsOf = ({ targets, counts }: Rollout): RolloutCounts => ({
  targets: targets.length,
  granted: grantedOf(counts),
  healthy: counts.healthy,
  failed: counts.failed,
  deferred: counts.deferred,
  lost: counts.lost,
  removed: counts.removed,
})

export const settledOf = (counts: Rollout['counts']): number => counts.healthy + counts.failed + counts.lost
export const grantedOf = (counts: Rollout['counts']): number => counts.open + settledOf(counts)

export const waveMembers = (rollout: Rollout, wave: number): readonly NodeId[] => {
  let from = 0
  for (let i = 0; i < wave; i += 1) from += rollout.waves[i] ?? 0
  return rollout.targets.slice(from, from + (rollout.waves[wave] ?? 0))
}
