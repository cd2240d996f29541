/** One rollout as the demo tells it: its plan, its nodes one by one, and what their outcomes come to. */
import type {
  HaltEvidence,
  HealthWindow,
  Hold,
  PlanCompleted,
  RolloutOpened,
  RolloutPolicy,
  RolloutType,
} from '@dunlin/contracts'
import { noEvidence, type Evidence } from '@dunlin/domain'

export type NodeProgress =
  | 'waiting'
  | 'granted'
  | 'starting'
  | 'validating'
  | 'healthy'
  | 'failed'
  | 'lost'
  | 'deferred'

export interface NodeRow {
  readonly node: string
  /** From 0. */
  wave: number
  progress: NodeProgress
  reason: string
  evidence: readonly HealthWindow[]
  /** False for a node that was unhealthy when it was granted: its outcome says nothing about the version. */
  counts: boolean
  grantedAt?: number
  settledAt?: number
}

export interface RolloutStory {
  readonly id: string
  readonly type: RolloutType
  readonly version: number
  readonly policy: RolloutPolicy
  readonly openedAt: number
  readonly rows: Map<string, NodeRow>
  readonly holds: Map<Hold, string>
  targets: readonly string[]
  waves: readonly number[]
  /** Nodes that may be at risk at once. */
  budget: number
  allUnhealthy: boolean
  /** From 0; -1 before the first. */
  wave: number
  phase: string
  /** Added up here from the verdicts, so that what a halt recorded can be compared with it. */
  outcomes: Evidence
  halted?: {
    readonly seq: number
    readonly reason: string
    readonly message: string
    readonly evidence: HaltEvidence | undefined
  }
}

export const newRollout = (event: RolloutOpened, at: number): RolloutStory => ({
  id: event.rollout,
  type: event.rolloutType,
  version: event.version,
  policy: event.policy,
  openedAt: at,
  rows: new Map(),
  holds: new Map(),
  targets: [],
  waves: [],
  budget: 0,
  allUnhealthy: false,
  wave: -1,
  phase: 'planning',
  outcomes: noEvidence,
})

export const planned = (rollout: RolloutStory, { waves, budget, unhealthy = 0 }: PlanCompleted): void => {
  rollout.waves = waves
  rollout.budget = budget ?? 0
  rollout.allUnhealthy = unhealthy >= rollout.targets.length
  rollout.phase = 'running'
  const waveOf = waves.flatMap((size, wave) => Array.from({ length: size }, () => wave))
  for (const [place, node] of rollout.targets.entries())
    rollout.rows.set(node, {
      node,
      wave: waveOf[place] ?? 0,
      progress: 'waiting',
      reason: '',
      evidence: [],
      counts: true,
    })
}

/** Nodes that were granted the rollout's version. */
export const touchedBy = ({ rows }: RolloutStory): readonly string[] =>
  [...rows.values()].filter(({ grantedAt }) => grantedAt !== undefined).map(({ node }) => node)
