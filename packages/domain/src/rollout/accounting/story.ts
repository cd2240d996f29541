/** What a small world is made of, what can be done in it, and the small words of its stories. */
import type { CommandOutcome, ExecutionId, JobSubjectEvent, NodeId, RolloutPolicy, Sha256 } from '@dunlin/contracts'
import type { Decision } from '../../decision.ts'
import type { Job } from '../../job/state.ts'
import type { AdvanceFacts } from '../facts.ts'

export interface WorldCommit {
  readonly seq: number
  readonly at: number
  readonly by: 'user:ann' | 'service:scheduler' | 'service:rollout-engine'
  readonly ev: readonly JobSubjectEvent[]
}

/** What a node activated last: it keeps running that, whatever is said about it elsewhere. */
export interface Activated {
  readonly execution: ExecutionId
  readonly content: Sha256
  readonly seq: number
}

export interface World {
  readonly job: Job
  /** Every commit so far, in order. */
  readonly log: readonly WorldCommit[]
  readonly facts: AdvanceFacts
  readonly activated: ReadonlyMap<NodeId, Activated>
  readonly connected: Set<NodeId>
  /** Nodes on which an execution of the job runs badly now, as a node says it. */
  readonly sick: Set<NodeId>
  /** Where the scheduler will place the job. */
  readonly wanted: Set<NodeId>
  /** Labels of nodes. */
  readonly sites: Map<NodeId, string>
  readonly switches: {
    logFull: boolean
    sight: AdvanceFacts['sight']
    schedulerDown: boolean
    /** What has failed on a node does not try again. */
    allEnded: boolean
  }
  readonly append: (ev: readonly JobSubjectEvent[], by?: WorldCommit['by']) => void
  readonly tick: (ms: number) => void
  readonly apply: (content: string, more?: ApplyOptions) => Decision<JobSubjectEvent, CommandOutcome>
  readonly command: (
    verb: 'stop' | 'delete' | 'pause' | 'resume' | 'promote' | 'halt' | 'rerun',
    reason?: string,
  ) => Decision<JobSubjectEvent, CommandOutcome>
  readonly rollBack: (version?: number, whole?: boolean) => Decision<JobSubjectEvent, CommandOutcome> | undefined
  /** The scheduler evaluates, unless it is down. */
  readonly place: () => void
  /** One decision of the engine; it dies after `commits` of it. Returns the types of what it wrote. */
  readonly step: (commits?: number) => readonly string[]
  /** Decisions until nothing follows. */
  readonly advance: () => readonly string[]
  /** The node reads its document and activates what is new in it. */
  readonly activate: (node: NodeId) => void
  /** What a judge says of the latest grant (or of another `execution`) of a node. */
  readonly judge: (node: NodeId, outcome: 'healthy' | 'failed', reason?: string, execution?: ExecutionId) => void
  /** Judges every open grant of a connected node, in the order of the grants. */
  readonly settle: (outcome: (node: NodeId) => 'healthy' | 'failed') => void
  /** Open grants of silent nodes that were never activated are taken back; before 0.2 that was told by another event. */
  readonly revoke: (as?: 'GrantsRevoked' | 'NodesDeferred') => void
  /** What was revoked can no longer be activated. */
  readonly free: () => void
}

export interface ApplyOptions {
  readonly labels?: Readonly<Record<string, string>>
  readonly policy?: StoryPolicy
}

export const hashOf = (letter: string): Sha256 => letter.repeat(64).slice(0, 64) as Sha256

export type StoryPolicy = Omit<Partial<RolloutPolicy>, 'analysis'> & { readonly analysis?: 'off' }

/** The policy of a story: rolling, 10 %, the test switched on, no limit by number. */
export const storyPolicy = ({ analysis, ...more }: StoryPolicy = {}): RolloutPolicy => ({
  strategy: 'rolling',
  maxParallel: { unit: 'percent', value: 10 },
  canary: { unit: 'count', value: 1 },
  autoPromote: false,
  maxFailedNodesPercent: 9,
  autoRollback: more.strategy !== 'immediate',
  ...(analysis === 'off' || more.strategy === 'immediate' ? {} : { analysis: { p0: 0.05, haltAt: 20 } }),
  health: { intervalMs: 1000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 },
  expiryMs: 1_000_000,
  ...more,
})

export const nodeIds = (count: number): NodeId[] => Array.from({ length: count }, (_, i) => `n${i}` as NodeId)

export interface WorldOptions {
  readonly nodes: Iterable<NodeId>
  readonly seed?: number
  /** Sees each commit before and after it is folded. */
  readonly watch?: {
    readonly before: (world: World, commit: WorldCommit) => void
    readonly after: (world: World, commit: WorldCommit) => void
  }
}
