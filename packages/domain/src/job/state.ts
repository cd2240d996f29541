/**
 * The aggregate of a job's subject: its own part (versions), its placement and its rollouts, because what must agree
 * about a job stands on one subject. Folds change it in place; nothing outside `evolve` may.
 */
import type {
  CommandOutcome,
  EvaluationTrigger,
  EvaluationId,
  JobId,
  JobStateType,
  NodeId,
  Sha256,
} from '@dunlin/contracts'
import type { Rollouts } from '../rollout/state.ts'
import { noRollouts } from '../rollout/state.ts'
import type { RememberedCommands } from './remembered.ts'
import { nothingRemembered } from './remembered.ts'

/** Asked for by people, or `failed` by a timeout; the derived state (`JobState`) is another thing. */
export type Lifecycle = 'active' | 'stopped' | 'failed' | 'deleted'

/** The derived state as it was last recorded, or as the creating commit implies it. */
export interface JobState {
  type: JobStateType
  reason: string
  message: string
  waitsFor?: string | undefined
  until?: number | undefined
  details?: Readonly<Record<string, number>> | undefined
  /** Milliseconds since the epoch. */
  since: number
}

export interface VersionRecord {
  readonly version: number
  /** Where the whole spec of this version stands in the log. */
  readonly seq: number
  readonly at: number
  readonly by: string
  readonly specHash: Sha256
  readonly content: Sha256
  readonly rolledBackFrom?: number
  readonly rolledBackTo?: number
  readonly rerun?: true
}

/** `absent`: nothing was ever applied to this name. A deleted job is present: its history remains. */
export type Versions =
  | { readonly is: 'absent' }
  | {
      readonly is: 'present'
      lifecycle: Lifecycle
      id: JobId
      version: number
      revision: number
      spec: Readonly<Record<string, unknown>>
      specHash: Sha256
      content: Sha256
      /** The latest version that is to be rolled out although its content was there before. */
      rerunVersion?: number
      createdAt: number
      updatedAt: number
      state: JobState
      /** Since when it waits for a node without interruption; its queue timeout counts from here. */
      queuedAt?: number
      /** Newest last; the oldest are forgotten here (the log has them). */
      history: VersionRecord[]
    }

export interface Placement {
  readonly nodes: Set<NodeId>
  /** The last finished evaluation. */
  last?: {
    readonly evaluation: EvaluationId
    readonly trigger: EvaluationTrigger
    readonly version: number
    readonly seq: number
    readonly at: number
    readonly leftOut: Readonly<Record<string, number>>
  }
  /** Nodes that the last finished evaluation took out: their documents change. Not kept in snapshots. */
  removed: readonly NodeId[]
  /** Parts of an evaluation that has not ended; discarded when another begins. */
  unfinished?: { readonly evaluation: EvaluationId; parts: number; add: NodeId[]; remove: NodeId[] }
}

export interface Job {
  versions: Versions
  placement: Placement
  rollouts: Rollouts
  commands: RememberedCommands
}

export type PresentJob = Job & { versions: Extract<Versions, { is: 'present' }> }

/** How many versions the fold itself remembers. */
export const VERSIONS_KEPT = 64

export const noJob = (): Job => ({
  versions: { is: 'absent' },
  placement: { nodes: new Set(), removed: [] },
  rollouts: noRollouts(),
  commands: nothingRemembered(),
})

export const isPresent = (job: Job): job is PresentJob => job.versions.is === 'present'

/** True when the job exists for its users: applied and not deleted. */
export const isLive = (job: Job): job is PresentJob =>
  job.versions.is === 'present' && job.versions.lifecycle !== 'deleted'

/** What a command that ends in this state is answered with. */
export const outcomeOf = (job: PresentJob, unchanged: boolean): CommandOutcome => ({
  version: job.versions.version,
  revision: job.versions.revision,
  jobId: job.versions.id,
  unchanged,
})
