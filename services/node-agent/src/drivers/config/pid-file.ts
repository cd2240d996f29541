/**
 * The process that a pid file means. A file outlives its process, and the number goes to somebody else: who began after the
 * file was written is not the one who wrote it.
 */
import { readFileSync, statfsSync, statSync } from 'node:fs'
import { isAlive, startTicksOf } from '../proc.ts'
import { readText } from '../task-dir.ts'

/** What is asked of the machine; tests answer for it. */
export interface Machine {
  readonly bootedMs: () => number
  /** Undefined when there is no such process, or only its remains. */
  readonly startedMs: (pid: number) => number | undefined
  readonly writtenMs: (file: string) => number
  /** It lies in memory: it was written since the machine was started. */
  readonly isInMemory: (file: string) => boolean
}

/** A clock that is corrected by less than this while the reader starts makes no stranger of it. */
const SLACK_MS = 60_000
/** Of the kernel's interface, whatever the kernel itself ticks by. */
const TICKS_PER_SECOND = 100
const FILE_SYSTEMS_IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])

export const thisMachine: Machine = {
  bootedMs: () => Number(/^btime (\d+)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1] ?? 0) * 1000,
  startedMs: (pid) => {
    const ticks = startTicksOf(pid)
    if (ticks === undefined || !isAlive(pid, ticks)) return undefined
    return thisMachine.bootedMs() + (Number(ticks) * 1000) / TICKS_PER_SECOND
  },
  writtenMs: (file) => statSync(file).mtimeMs,
  isInMemory: (file) => FILE_SYSTEMS_IN_MEMORY.has(statfsSync(file).type),
}

export const readerOf = (
  file: string,
  machine: Machine = thisMachine,
): { readonly pid: number } | { readonly why: string } => {
  const text = readText(file)?.trim()
  if (text === undefined) return { why: `${file} is not there, so nobody could be told` }
  const pid = /^\d+$/.test(text) ? Number(text) : 0
  // 0 would be the agent's own group, 1 the host.
  if (!Number.isSafeInteger(pid) || pid < 2) return { why: `${file} holds no process id` }
  if (pid === process.pid || pid === process.ppid) return { why: `${file} names the agent itself (${pid})` }
  const startedMs = machine.startedMs(pid)
  if (startedMs === undefined) return { why: `process ${pid} of ${file} is not running` }
  const writtenMs = machine.writtenMs(file)
  if (startedMs <= writtenMs + SLACK_MS) return { pid }
  // Without a clock of its own a machine boots in the past: a file that only this boot can have written is then "older".
  if (writtenMs < machine.bootedMs() && machine.isInMemory(file)) return { pid }
  return {
    why: `process ${pid} began after ${file} was written: it is another one than the file means, and was not told`,
  }
}
