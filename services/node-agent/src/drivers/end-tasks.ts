/** Ends every task below a data directory: for demos and tests, which must leave no process behind. */
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { stopProcess } from './launch.ts'
import { readPid } from './task-dir.ts'

/** Needs no agent; an agent that runs would start them again. */
export const endTasks = async (dataDir: string, graceMs: number): Promise<void> => {
  const root = join(dataDir, 'tasks')
  if (!existsSync(root)) return
  await Promise.all(
    readdirSync(root).map(async (name) => {
      const dir = join(root, name)
      const pid = readPid(dir)
      if (pid) await stopProcess({ dir, attempt: pid.attempt }, graceMs)
    }),
  )
}
