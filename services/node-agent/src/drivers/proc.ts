/** Processes as /proc shows them. A pid alone is never trusted: the start time and the boot tell it from a later one. */
import { readdirSync, readFileSync } from 'node:fs'

export interface ProcStat {
  readonly state: string
  readonly group: number
  readonly startTicks: string
}

const readProcStat = (pid: number): ProcStat | undefined => {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0] ?? '', group: Number(fields[2]), startTicks: fields[19] ?? '' }
  } catch {
    return undefined
  }
}

/** A zombie is not alive: it only waits to be collected. */
export const isAlive = (pid: number, startTicks: string): boolean => {
  const stat = readProcStat(pid)
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X' && stat.startTicks === startTicks
}

/** Undefined when there is no such process. */
export const startTicksOf = (pid: number): string | undefined => readProcStat(pid)?.startTicks

let boot: string | undefined
export const bootId = (): string => (boot ??= readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim())

/** Every process of this host but zombies and this one. */
const others = (): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid)

/**
 * Processes that carry a task's mark in the environment they began with, wherever they went. One that wrote over its own
 * environment is not found; control groups find it.
 */
export const markedProcesses = (execution: string): number[] =>
  others().filter((pid) => {
    const environment = readProc(pid, 'environ')
    return environment !== undefined && `\0${environment}`.includes(`\0DUNLIN_EXECUTION=${execution}\0`) && lives(pid)
  })

export const readProc = (pid: number, file: 'environ' | 'cgroup' | 'status'): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1')
  } catch {
    return undefined
  }
}

const lives = (pid: number): boolean => {
  const stat = readProcStat(pid)
  return stat !== undefined && stat.state !== 'Z' && stat.state !== 'X'
}

/** Members of a process group that still live, zombies apart. */
export const groupMembers = (group: number): number[] =>
  others().filter((pid) => readProcStat(pid)?.group === group && lives(pid))
