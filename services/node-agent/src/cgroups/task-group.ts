/**
 * The control group of one attempt. What is known of it lies in the task's directory, so that any later agent, or none
 * but `sweep`, finds it again; nothing here needs the machine to be probed.
 */
import { closeSync, constants, existsSync, openSync, readdirSync, rmdirSync, writeSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../drivers/task-dir.ts'

const taskGroupSchema = z.object({
  attempt: z.int(),
  /** Folders that the attempt's first process joins before it becomes the command. */
  join: z.array(z.string()),
  /** The folder that holds every process of the attempt, whatever it did to leave its process group. */
  tree: z.optional(z.string()),
  /** The file that counts kills for want of memory. */
  oomFile: z.optional(z.string()),
  memoryBytes: z.optional(z.int()),
})
export type TaskGroup = z.output<typeof taskGroupSchema>

export const saveTaskGroup = (dir: string, group: TaskGroup): void =>
  writeAtomically(join(dir, 'cgroup.json'), JSON.stringify(group))

export const readTaskGroup = (dir: string): TaskGroup | undefined => {
  const text = readText(join(dir, 'cgroup.json'))
  if (text === undefined) return undefined
  try {
    return taskGroupSchema.parse(JSON.parse(text))
  } catch {
    return undefined
  }
}

/** Processes that were killed because the group had used up its memory. */
const oomKills = ({ oomFile }: TaskGroup): number => {
  if (oomFile === undefined) return 0
  const [, count] = /^oom_kill (\d+)$/m.exec(readText(oomFile) ?? '') ?? []
  return Number(count ?? 0)
}

const groupPids = ({ tree }: TaskGroup): number[] => (tree === undefined ? [] : pidsBelow(tree))

const pidsBelow = (folder: string): number[] => {
  const own = (readText(join(folder, 'cgroup.procs')) ?? '').split('\n').filter((line) => line !== '')
  return [...own.map(Number), ...foldersIn(folder).flatMap(pidsBelow)]
}

const foldersIn = (folder: string): string[] => {
  try {
    return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
      entry.isDirectory() ? [join(folder, entry.name)] : [],
    )
  } catch {
    return []
  }
}

/** Kills everything in it at once, also what forks faster than it could be listed. */
export const killTaskGroup = async (group: TaskGroup): Promise<void> => {
  const { tree } = group
  if (tree === undefined || !existsSync(tree)) return
  const deadline = performance.now() + KILL_WITHIN_MS
  do {
    if (!write(join(tree, 'cgroup.kill'), '1')) await killFrozen(group, tree)
    if (groupPids(group).every(isZombie)) return
    await delay(10)
  } while (performance.now() < deadline)
}

const KILL_WITHIN_MS = 15_000

/** v1 has no kill of its own: what stands still cannot fork, and is killed one by one. */
const killFrozen = async (group: TaskGroup, tree: string): Promise<void> => {
  const frozen = write(join(tree, 'freezer.state'), 'FROZEN')
  const frozenBy = performance.now() + (frozen ? 100 : 0)
  while (performance.now() < frozenBy && readText(join(tree, 'freezer.state'))?.trim() !== 'FROZEN') await delay(2)
  for (const pid of groupPids(group)) kill(pid)
  if (frozen) write(join(tree, 'freezer.state'), 'THAWED')
}

const kill = (pid: number): void => {
  try {
    if (pid > 1 && pid !== process.pid) process.kill(pid, 'SIGKILL')
  } catch {
    // It is gone.
  }
}

const isZombie = (pid: number): boolean => {
  const text = readText(`/proc/${pid}/stat`)
  return text === undefined || text.slice(text.lastIndexOf(')') + 2).startsWith('Z')
}

/** Only existing files, and for writing only: some may not be read, also by their owner. */
export const write = (file: string, text: string): boolean => {
  try {
    const opened = openSync(file, constants.O_WRONLY)
    try {
      writeSync(opened, text)
    } finally {
      closeSync(opened)
    }
    return true
  } catch {
    return false
  }
}

/** Notes for good whether memory ran out, and takes the folders away. */
export const endTaskGroup = async (dir: string, group: TaskGroup): Promise<void> => {
  const kills = oomKills(group)
  if (kills > 0) writeAtomically(join(dir, 'oom'), `${group.attempt} ${kills} ${group.memoryBytes ?? 0}\n`)
  await removeTaskGroup(group)
}

/** Takes its folders away; what still holds a process stays, and the next agent sees it. */
export const removeTaskGroup = async (group: TaskGroup): Promise<void> => {
  const deadline = performance.now() + 2_000
  let left = group.join
  for (;;) {
    left = left.filter((folder) => !removeFolder(folder))
    if (left.length === 0 || performance.now() > deadline) return
    await delay(20)
  }
}

const removeFolder = (folder: string): boolean => {
  for (const inner of foldersIn(folder)) removeFolder(inner)
  if (!removeEmpty(folder)) return false
  // With its last task the agent's own group goes too, or a machine would collect those of agents that were tried out.
  removeEmpty(dirname(folder))
  return true
}

export const removeEmpty = (folder: string): boolean => {
  try {
    rmdirSync(folder)
    return true
  } catch {
    return !existsSync(folder)
  }
}

export interface OutOfMemory {
  readonly kills: number
  readonly memoryBytes: number
}

/** Whether the attempt had processes killed for want of memory: from the counter, or from what was noted of it. */
export const outOfMemory = (dir: string, attempt: number): OutOfMemory | undefined => {
  const [noted, kills, memoryBytes] = (readText(join(dir, 'oom')) ?? '').trim().split(' ').map(Number)
  if (noted === attempt && kills !== undefined && kills > 0) return { kills, memoryBytes: memoryBytes ?? 0 }
  const group = readTaskGroup(dir)
  const counted = group?.attempt === attempt ? oomKills(group) : 0
  return counted > 0 ? { kills: counted, memoryBytes: group?.memoryBytes ?? 0 } : undefined
}
