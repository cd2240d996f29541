/**
 * Control groups of version 2. A group that has processes cannot hand controllers on, so the agent (with its launcher)
 * moves into a leaf of its own; other processes are never moved. Where that cannot be, tasks are contained and not limited.
 */
import type { Limits } from '@dunlin/contracts/agent'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
import { noCgroups, reapGroups, type CgroupBackend, type Limited } from './backend.ts'
import { expectedGroups } from './expected.ts'
import { removeEmpty, write, type TaskGroup } from './task-group.ts'

const AGENT_LEAF = 'agent'
const PERIOD_US = 100_000
const controllerOf: Readonly<Record<Limited, string>> = { memory: 'memory', cpus: 'cpu', pids: 'pids' }

/** `own` is the agent's group; `family` are the processes that may be moved beside the agent. */
export const v2Backend = (own: string, family: ReadonlySet<number>, name: string): CgroupBackend => {
  const parent = basename(own) === AGENT_LEAF ? dirname(own) : own
  const base = join(parent, name)
  const refused = handOn(parent, parent !== own, family)
  const wordsIn = (file: string): readonly string[] => (readText(join(base, file)) ?? '').trim().split(' ')
  /** The agent's group goes with its last task, so it may have been made again: what it does not hand on yet. */
  const handOnInBase = async (): Promise<void> => {
    const handedOn = wordsIn('cgroup.subtree_control')
    for (const controller of wordsIn('cgroup.controllers').filter((one) => !handedOn.includes(one)))
      await writeFile(join(base, 'cgroup.subtree_control'), `+${controller}`, { flag: 'r+' }).catch(() => {})
  }
  let controllers: readonly string[]
  let contains: boolean
  try {
    mkdirSync(base, { recursive: true })
    controllers = wordsIn('cgroup.controllers')
    for (const controller of controllers) write(join(base, 'cgroup.subtree_control'), `+${controller}`)
    contains = existsSync(join(base, 'cgroup.procs'))
    removeEmpty(base)
  } catch (error) {
    return noCgroups(`No control group can be made below ${parent}: ${String(error)}`)
  }
  if (!contains) return noCgroups(`${parent} is no control group.`)
  const enforces = new Set(
    (['memory', 'cpus', 'pids'] as const).filter((what) => controllers.includes(controllerOf[what])),
  )
  const expected = expectedGroups({ base, prepare: handOnInBase })
  const missing = Object.keys(controllerOf).filter((what) => !enforces.has(what as Limited))
  return {
    kind: 'v2',
    enforces,
    contains,
    reason:
      refused ?? (missing.length === 0 ? undefined : `The agent is not handed what limits ${missing.join(', ')}.`),
    reap: (tasksDir) => reapGroups(base, tasksDir),
    expect: (group) => expected.expect(group),
    // Never in the agent's own thread: the kernel makes no group while a process that joins another one waits.
    create: async (group, attempt, limits) => {
      expected.begins(group)
      if (!existsSync(join(base, group))) await mkdir(join(base, group), { recursive: true })
      await handOnInBase()
      return limitGroup(join(base, group), attempt, limits, enforces)
    },
  }
}

const limitGroup = (folder: string, attempt: number, limits: Limits, enforces: ReadonlySet<Limited>): TaskGroup => {
  const set = (what: Limited, file: string, text: string): void => {
    if (limits[what] !== undefined && enforces.has(what)) writeFileSync(join(folder, file), text)
  }
  set('memory', 'memory.max', String(limits.memory))
  if (limits.memory !== undefined) write(join(folder, 'memory.swap.max'), '0')
  set('cpus', 'cpu.max', `${Math.max(1_000, Math.round((limits.cpus ?? 1) * PERIOD_US))} ${PERIOD_US}`)
  set('pids', 'pids.max', String(limits.pids))
  const limitsMemory = limits.memory !== undefined && enforces.has('memory')
  return {
    attempt,
    join: [folder],
    tree: folder,
    ...(limitsMemory ? { oomFile: join(folder, 'memory.events'), memoryBytes: limits.memory } : {}),
  }
}

/** What stands in the way of handing controllers to groups below `parent`; undefined when nothing does. */
const handOn = (parent: string, inLeaf: boolean, family: ReadonlySet<number>): string | undefined => {
  const offered = (readText(join(parent, 'cgroup.controllers')) ?? '').trim().split(' ')
  const wanted = offered.filter((name) => Object.values(controllerOf).includes(name))
  if (wanted.length === 0) return `No controller is handed to ${parent}; a service needs Delegate=yes.`
  // It would work once: systemd could not start the agent again in a group that hands on while its tasks run there.
  if (!inLeaf && parent.endsWith('.service'))
    return `A service limits its tasks only with DelegateSubgroup=${AGENT_LEAF} (systemd 254 and later).`
  // The root of the tree may have processes and hand on at once.
  if (existsSync(join(parent, 'cgroup.type'))) {
    const pids = (readText(join(parent, 'cgroup.procs')) ?? '').split('\n').filter(Boolean).map(Number)
    if (pids.some((pid) => !family.has(pid)))
      return `Other processes share the agent's control group ${parent}; run the agent as a service with Delegate=yes.`
    try {
      if (pids.length > 0) mkdirSync(join(parent, AGENT_LEAF), { recursive: true })
      for (const pid of pids) writeFileSync(join(parent, AGENT_LEAF, 'cgroup.procs'), String(pid))
    } catch (error) {
      return `The agent cannot move into a control group of its own: ${String(error)}`
    }
  }
  const refused = wanted.filter((name) => !write(join(parent, 'cgroup.subtree_control'), `+${name}`))
  return refused.length === wanted.length ? `Controllers cannot be handed on below ${parent}.` : undefined
}
