/**
 * Ends every task below an agent's data directory. Tasks outlive an agent by design; this is for whoever removes a node
 * or stops a development fleet, and it needs no agent: one that was killed with -9 left the same files.
 */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readTaskGroup } from '../cgroups/task-group.ts'
import { sweepContainers } from './container/sweep.ts'
import { stopProcess } from './launch.ts'
import { lastClaim, readPid } from './task-dir.ts'

/** Signals all of them, waits for `graceMs`, kills what is left, and resolves when nothing is. Returns how many there were. */
export const killTasks = async (dataDir: string, graceMs: number): Promise<number> => {
  const root = join(dataDir, 'tasks')
  if (!existsSync(root)) return 0
  const tasks = readdirSync(root).flatMap((name) => {
    const dir = join(root, name)
    // One that was just started has shown no pid yet.
    const attempt = readPid(dir)?.attempt ?? readTaskGroup(dir)?.attempt ?? lastClaim(dir)
    return attempt === undefined ? [] : [{ dir, attempt }]
  })
  const [containers] = await Promise.all([
    sweepContainers(dataDir, graceMs),
    ...tasks.map((task) => stopProcess(task, graceMs)),
  ])
  return tasks.length + containers
}
