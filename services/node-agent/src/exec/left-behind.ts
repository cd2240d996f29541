/**
 * Commands on request end with their question, and an agent that is killed cannot see to that. So each is noted in a file
 * while it runs, and the next agent ends what the one before it left behind.
 */
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { bootId, isAlive, startTicksOf } from '../drivers/proc.ts'
import { namesIn, readText, writeAtomically } from '../drivers/task-dir.ts'

const folderOf = (dataDir: string): string => join(dataDir, 'exec')

/** Notes the leader of a process group that was just started; returns what takes the note away. */
export const noteCommand = (dataDir: string, pid: number): (() => void) => {
  const file = join(folderOf(dataDir), String(pid))
  const startTicks = startTicksOf(pid)
  if (startTicks === undefined) return () => {}
  try {
    mkdirSync(folderOf(dataDir), { recursive: true, mode: 0o700 })
    writeAtomically(file, `${startTicks} ${bootId()}\n`)
  } catch {
    // A full disk: on such a node above all, somebody must be able to look.
  }
  return () => rmSync(file, { force: true })
}

/** Returns how many there were. A number that names another process by now is left alone. */
export const endLeftCommands = (dataDir: string): number => {
  let ended = 0
  for (const name of namesIn(folderOf(dataDir))) {
    const file = join(folderOf(dataDir), name)
    const [startTicks = '', boot = ''] = (readText(file) ?? '').trim().split(' ')
    const pid = Number(name)
    if (Number.isSafeInteger(pid) && pid > 1 && boot === bootId() && isAlive(pid, startTicks) && kill(pid)) ended += 1
    rmSync(file, { force: true })
  }
  return ended
}

const kill = (pid: number): boolean => {
  try {
    process.kill(-pid, 'SIGKILL')
    return true
  } catch {
    return false
  }
}
