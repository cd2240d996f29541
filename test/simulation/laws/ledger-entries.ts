/** What the ledger keeps of a job: plain records, and the values that they begin with. */
import type { RolloutPolicy } from '@dunlin/contracts'

export interface GrantEntry {
  readonly node: string
  readonly execution: string
  readonly rollout: string
  readonly content: string
  readonly epoch: number
  readonly seq: number
  readonly wasUnhealthy: boolean
  outcome?: { readonly is: 'healthy' | 'failed'; readonly reason: string }
  /** What it would go back to. */
  readonly lastHealthy: GrantEntry | undefined
  /** What it took the place of, when that had not settled healthy. */
  readonly overtakes: 'at risk' | 'written off' | undefined
}

export type SlotName = 'open' | 'healthy' | 'failed' | 'lost' | 'deferred' | 'removed'

export interface RolloutEntry {
  readonly id: string
  readonly type: string
  readonly version: number
  readonly content: string
  readonly policy: RolloutPolicy
  phase: 'planning' | 'running' | 'halted' | 'completed' | 'superseded' | 'canceled' | 'expired'
  /** With the reason of each. */
  readonly holds: Map<string, string>
  targets: string[]
  waves: readonly number[]
  budget: number
  unhealthy: number
  wave: number
  passed: number
  readonly slots: Map<string, SlotName>
  /** Every grant of it, in order; a node may have several. */
  readonly grants: GrantEntry[]
  /** Outcomes that are evidence since the beginning or the last resume, in order: true = failed. */
  outcomes: boolean[]
  resumed: number
  /** Nodes that held a grant when it opened, or may run one that they do not hold any more. */
  readonly grantedBefore: ReadonlySet<string>
}

export interface JobEntry {
  version: number
  content: string
  lifecycle: 'active' | 'stopped' | 'failed' | 'deleted'
  /** As it was recorded last, for the version in force. */
  state: string
  /** As Go strings. */
  timeouts: Readonly<Record<string, string>>
  versionAt: number
  /** Since when it waits for a node. */
  queuedAt: number | undefined
  placed: Set<string>
  readonly changes: Map<string, { readonly add: readonly string[]; readonly remove: readonly string[] }[]>
  /** The latest grant of each node. */
  latest: Map<string, GrantEntry>
  /** Granted and neither settled healthy nor written off since, whatever the rollout. */
  risk: Set<string>
  /** At risk only because a revoked grant may still be activated, with the sequence of the revocation. */
  revoked: Map<string, number>
  rollouts: RolloutEntry[]
  /** Contents that completed with a healthy node and had no FAIL since. */
  proven: string[]
  highestOpened: number
  /** Highest generation ever granted to a node, over everything. */
  readonly generations: Map<string, readonly [number, number]>
  readonly executions: Set<string>
}

export const newJobEntry = (): JobEntry => ({
  version: 0,
  content: '',
  lifecycle: 'deleted',
  state: '',
  timeouts: {},
  versionAt: 0,
  queuedAt: undefined,
  placed: new Set(),
  changes: new Map(),
  latest: new Map(),
  risk: new Set(),
  revoked: new Map(),
  rollouts: [],
  proven: [],
  highestOpened: 0,
  generations: new Map(),
  executions: new Set(),
})

/** What a new version of a job begins with. */
export const newVersion = (spec: Readonly<Record<string, unknown>>, at: number) => ({
  state: 'pending',
  timeouts: (spec['timeouts'] ?? {}) as JobEntry['timeouts'],
  versionAt: at,
  queuedAt: undefined,
})
