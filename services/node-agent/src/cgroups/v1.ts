/** Control groups of version 1, and hybrids: one tree per controller, and an empty unified tree that can kill. */
import type { Limits } from '@dunlin/contracts/agent'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { noCgroups, reapGroups, type CgroupBackend, type Limited } from './backend.ts'
import { expectedGroups } from './expected.ts'
import type { OwnFolders } from './own-folders.ts'
import { removeEmpty, write } from './task-group.ts'

const controllerOf: Readonly<Record<Limited, string>> = { memory: 'memory', cpus: 'cpu', pids: 'pids' }
const PERIOD_US = 100_000

export const v1Backend = ({ v1, v2 }: OwnFolders, name: string): CgroupBackend => {
  const base = (own: string | undefined): string | undefined => usable(own, name)?.folder
  const limited = (['memory', 'cpus', 'pids'] as const).flatMap((what) => {
    const folder = base(v1.get(controllerOf[what]))
    return folder === undefined ? [] : [[what, folder] as const]
  })
  const unified = usable(v2, name)
  const tree = unified?.kills === true ? unified.folder : base(v1.get('freezer'))
  if (limited.length === 0 && tree === undefined)
    return noCgroups('The control groups of version 1 cannot be written by this user.')
  const expected = tree === undefined ? undefined : expectedGroups({ base: tree })
  const missing = Object.keys(controllerOf).filter((what) => !limited.some(([there]) => there === what))
  return {
    kind: 'v1',
    enforces: new Set(limited.map(([what]) => what)),
    contains: tree !== undefined,
    reason: missing.length === 0 ? undefined : `No group can be made for: ${missing.join(', ')}.`,
    reap: async (tasksDir) => {
      // The tree first: the other groups are empty when what it holds is gone.
      for (const folder of new Set([...(tree === undefined ? [] : [tree]), ...limited.map(([, one]) => one)]))
        await reapGroups(folder, tasksDir)
    },
    expect: (group) => expected?.expect(group),
    // Never in the agent's own thread: the kernel makes no group while a process that joins another one waits.
    create: async (group, attempt, limits) => {
      expected?.begins(group)
      const folders: string[] = []
      const make = async (folder: string): Promise<string> => {
        if (!existsSync(join(folder, group))) await mkdir(join(folder, group), { recursive: true })
        folders.push(join(folder, group))
        return join(folder, group)
      }
      const whole = tree === undefined ? undefined : await make(tree)
      let oomFile: string | undefined
      for (const [what, folder] of limited) {
        if (limits[what] === undefined) continue
        const made = await make(folder)
        setLimit(made, what, limits)
        if (what === 'memory') oomFile = join(made, 'memory.oom_control')
      }
      return {
        attempt,
        join: folders,
        ...(whole === undefined ? {} : { tree: whole }),
        ...(oomFile === undefined ? {} : { oomFile }),
        ...(limits.memory === undefined ? {} : { memoryBytes: limits.memory }),
      }
    },
  }
}

const setLimit = (folder: string, what: Limited, limits: Limits): void => {
  if (what === 'memory') {
    writeFileSync(join(folder, 'memory.limit_in_bytes'), String(limits.memory))
    // Swap would let it go on above its limit, slowly; not every kernel counts it.
    write(join(folder, 'memory.memsw.limit_in_bytes'), String(limits.memory))
  } else if (what === 'cpus') {
    writeFileSync(join(folder, 'cpu.cfs_period_us'), String(PERIOD_US))
    writeFileSync(join(folder, 'cpu.cfs_quota_us'), String(Math.max(1_000, Math.round((limits.cpus ?? 1) * PERIOD_US))))
  } else writeFileSync(join(folder, 'pids.max'), String(limits.pids))
}

/** The folder for groups below `own`, when they can be made there, and whether the kernel kills a whole one at once. */
const usable = (
  own: string | undefined,
  name: string,
): { readonly folder: string; readonly kills: boolean } | undefined => {
  if (own === undefined) return undefined
  const folder = join(own, name)
  const trial = join(folder, `probe-${process.pid}`)
  try {
    mkdirSync(trial, { recursive: true })
    const kills = existsSync(join(trial, 'cgroup.kill'))
    removeEmpty(trial)
    removeEmpty(folder)
    return { folder, kills }
  } catch {
    return undefined
  }
}
