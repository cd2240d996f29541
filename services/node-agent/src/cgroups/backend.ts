/** What this machine lets the agent limit, found out once at its start by trying. */
import type { Limits } from '@dunlin/contracts/agent'
import { sha256 } from '@dunlin/runtime/agent'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { killTaskGroup, readTaskGroup, removeTaskGroup, type TaskGroup } from './task-group.ts'

export type Limited = 'memory' | 'cpus' | 'pids'

export interface CgroupBackend {
  readonly kind: 'v2' | 'v1' | 'none'
  /** What it can enforce. */
  readonly enforces: ReadonlySet<Limited>
  /** It can end everything that an attempt started, also what left its process group. */
  readonly contains: boolean
  /** Why something of the above is missing, for people. */
  readonly reason: string | undefined
  /** Ends groups of this agent whose tasks have no directory below `tasksDir`. */
  reap(tasksDir: string): Promise<void>
  /** The attempt will probably begin in a moment: what the kernel takes long for begins now. */
  expect(name: string): void
  /** Makes the group of an attempt; `name` is one path segment (`groupName`). Throws when the kernel refuses. */
  create(name: string, attempt: number, limits: Limits): Promise<TaskGroup>
}

export const noCgroups = (reason: string): CgroupBackend => ({
  kind: 'none',
  enforces: new Set(),
  contains: false,
  reason,
  reap: () => Promise.resolve(),
  expect: () => {},
  create: (_, attempt) => Promise.resolve({ attempt, join: [] }),
})

export const groupName = (execution: string, attempt: number): string => `${execution}.${attempt}`

/** The group below the agent's own that holds the groups of its tasks: several agents may share a machine. */
export const baseName = (dataDir: string): string => `dunlin-${sha256(dataDir).slice(0, 12)}`

/** Ends what is left of attempts that nobody knows any more: their directories are gone, or belong to a later attempt. */
export const reapGroups = async (base: string, tasksDir: string): Promise<void> => {
  if (!existsSync(base)) return
  for (const entry of readdirSync(base, { withFileTypes: true })) {
    const [execution = '', attempt] = entry.name.split('.')
    const dir = join(tasksDir, execution)
    const known = readTaskGroup(dir)?.attempt ?? Number(attempt)
    if (!entry.isDirectory() || (existsSync(dir) && known === Number(attempt))) continue
    const folder = join(base, entry.name)
    const group: TaskGroup = { attempt: 0, join: [folder], tree: folder }
    await killTaskGroup(group)
    await removeTaskGroup(group)
  }
}
