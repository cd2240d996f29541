/** What the engine knows besides the job, and what it may draw. Everything that varies comes in here. */
import type { ExecutionId, NodeId, RolloutId, RolloutPolicy, Sha256 } from '@dunlin/contracts'
import type { PlanFacts } from './plan/plan.ts'

/** Why the judge cannot see: recorded with the hold that it places. */
export interface Blindness {
  readonly reason: 'site_silent' | 'windows_unknown'
  readonly message: string
}

export interface AdvanceFacts extends PlanFacts {
  readonly epoch: number
  readonly nowMs: number
  /** False while the log is nearly full: only a rollback still grants (docs/architecture.md). */
  readonly mayGrant: boolean
  /**
   * Whether outcomes of granted nodes can be told from a failure of their surroundings. `unknown`: the judge has just started
   * and says neither; what is recorded stands.
   */
  readonly sight: Blindness | 'clear' | 'unknown'
  /**
   * False: the node is connected, but does not read its documents; it is granted nothing until it does. Absent where nobody
   * can tell. Plans do not ask: a dry run cannot know it.
   */
  readonly reads?: (node: NodeId) => boolean
  /** What has failed on a node may still come right by itself; absent where nobody can tell. */
  readonly mayRecover?: (node: NodeId) => boolean
  /** The rollout block of the present spec, resolved. */
  readonly policy: RolloutPolicy
  readonly newRolloutId: () => RolloutId
  readonly newExecutionId: () => ExecutionId
  /** Of the plan of a version. */
  readonly seedOf: (version: number) => number
  readonly hashOfTargets: (ordered: readonly NodeId[]) => Sha256
  readonly hashOfSpec: (spec: Readonly<Record<string, unknown>>) => Sha256
}

/** A grant would be read: its turn can be used. */
export const isReachable = ({ isConnected, reads }: AdvanceFacts, node: NodeId): boolean =>
  isConnected(node) && reads?.(node) !== false
