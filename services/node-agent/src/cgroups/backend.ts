/** What this machine lets the agent limit, found out once at its start by trying. */
import type { Limits } from '@dunlin/contracts/agent'
import type { TaskGroup } from './task-group.ts'

export type Limited = 'memory' | 'cpus' | 'pids'

export interface CgroupBackend {
  readonly kind: 'v2' | 'v1' | 'none'
  /** What it can enforce. */
  readonly enforces: ReadonlySet<Limited>
  /** It can end everything that an attempt started, also what left its process group. */
  readonly contains: boolean
  /** Why something of the above is missing, for people. */
  readonly reason: string | undefined
  /** Makes the group of an attempt; `name` is one path segment. Throws when the kernel refuses. */
  create(name: string, attempt: number, limits: Limits): TaskGroup
}

export const noCgroups = (reason: string): CgroupBackend => ({
  kind: 'none',
  enforces: new Set(),
  contains: false,
  reason,
  create: (_, attempt) => ({ attempt, join: [] }),
})

/** The group below the agent's own that holds the groups of tasks. */
export const BASE = 'dunlin'
