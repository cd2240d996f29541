/** Starting, finding again and ending a shim and its command: what the process and the pipeline driver share. */
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { TaskError, type Inspected, type Task } from './driver.ts'
import { bootId, groupMembers, isAlive } from './proc.ts'
import { SHIM } from './shim.ts'
import { claimedAt, prepareTaskDir, readExit, readPid, writeAtomically, type PidFile } from './task-dir.ts'

/** An attempt is found by these alone. */
export type TaskFiles = Pick<Task, 'dir' | 'attempt'>

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
}

/** How long a claimed attempt may take to show its pid before it counts as lost. */
const SHOW_PID_WITHIN_MS = 10_000
/** How long a killed group may take to vanish. */
const VANISH_WITHIN_MS = 15_000

/** Throws a temporary `TaskError` when the host cannot start a process now. */
export const launch = async (task: Task, { command, args, env, cwd }: Launch, onExit: () => void): Promise<void> => {
  const { dir, attempt } = task
  let failure: string | undefined
  try {
    prepareTaskDir(dir, attempt)
    const shimArgs = ['-c', SHIM, 'dunlin-shim', dir, String(attempt), cwd, command, ...args]
    // detached: the shim leads a session and process group of its own and survives the agent.
    const shim = spawn('/bin/sh', shimArgs, { detached: true, stdio: 'ignore', env, cwd: '/' })
    shim.once('error', (error) => (failure = error.message))
    shim.once('exit', onExit)
    shim.unref()
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const deadline = performance.now() + SHOW_PID_WITHIN_MS
  for (let waitMs = 2; failure === undefined; waitMs = Math.min(50, waitMs * 2)) {
    const inspected = inspectProcess(task)
    if (inspected.is === 'running' || inspected.is === 'exited') return
    if (performance.now() > deadline) failure = `the shim showed no process within ${SHOW_PID_WITHIN_MS} ms`
    else await delay(waitMs)
  }
  throw new TaskError({ code: 'not_started', message: `The process could not be started: ${failure}` }, false)
}

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** What the task's directory and /proc say of the present attempt. */
export const inspectProcess = ({ dir, attempt }: TaskFiles): Inspected => {
  const early = exitOf(dir, attempt)
  if (early) return early
  const pid = readPid(dir)
  if (!pid || pid.attempt !== attempt) {
    const claimed = claimedAt(dir, attempt)
    if (claimed === undefined) return { is: 'absent' }
    return Date.now() - claimed < SHOW_PID_WITHIN_MS ? { is: 'starting' } : { is: 'lost' }
  }
  if (isOurs(pid) && (isAlive(pid.pid, pid.startTicks) || isAlive(pid.shimPid, pid.shimStartTicks)))
    return { is: 'running', pid: pid.pid }
  // The shim may have written the exit between the two looks.
  return exitOf(dir, attempt) ?? { is: 'lost' }
}

const isOurs = (pid: PidFile): boolean => pid.boot === bootId()

const exitOf = (dir: string, attempt: number): Inspected | undefined => {
  const exit = readExit(dir)
  if (!exit || exit.attempt !== attempt) return undefined
  // sh reports an end by signal n as 128 + n; `exit 137` and SIGKILL look alike, so the code is always told as well.
  const signal = exit.code > 128 ? (signalNames.get(exit.code - 128) ?? null) : null
  return { is: 'exited', code: exit.code, signal, at: exit.at }
}

/** Sends a signal to the whole group. False when its leader is gone or the pid belongs to somebody else by now. */
export const signalGroup = (task: TaskFiles, signal: NodeJS.Signals): boolean => {
  const pid = readPid(task.dir)
  if (!pid || pid.attempt !== task.attempt || !isOurs(pid)) return false
  const leader = isAlive(pid.shimPid, pid.shimStartTicks)
  if (!leader && !isAlive(pid.pid, pid.startTicks)) return false
  return killGroup(pid.shimPid, signal)
}

const killGroup = (group: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(-group, signal)
    return true
  } catch {
    return false
  }
}

/** Ends the attempt and everything in its process group. What left the group (setsid) is out of reach without cgroups. */
export const stopProcess = async (task: TaskFiles, graceMs: number): Promise<void> => {
  const graceEnd = performance.now() + graceMs
  // Bounded here as well: the claim's age is told by the wall clock, and that may have been set back.
  const shownBy = performance.now() + SHOW_PID_WITHIN_MS
  while (inspectProcess(task).is === 'starting' && performance.now() < shownBy) await delay(20)
  if (signalGroup(task, 'SIGTERM')) {
    while (inspectProcess(task).is === 'running' && performance.now() < graceEnd) await delay(20)
  }
  const pid = readPid(task.dir)
  if (!pid || pid.attempt !== task.attempt) return
  const killed = inspectProcess(task).is === 'running' && signalGroup(task, 'SIGKILL')
  await sweepGroup(pid)
  if (killed && !readExit(task.dir)) writeAtomically(join(task.dir, 'exit'), `${task.attempt} 137\n`)
}

/** Kills what a command that ended left behind in its group. */
const sweepGroup = async (pid: PidFile): Promise<void> => {
  const vanishBy = performance.now() + VANISH_WITHIN_MS
  while (isOurs(pid) && performance.now() < vanishBy) {
    const members = groupMembers(pid.shimPid)
    // A leader with another start time means that the number was given to a stranger's group.
    const stranger = members.includes(pid.shimPid) && !isAlive(pid.shimPid, pid.shimStartTicks)
    if (members.length === 0 || stranger) return
    killGroup(pid.shimPid, 'SIGKILL')
    await delay(20)
  }
}

/** The same for a directory whose task nobody can name any more. */
export const sweepTaskDir = async (dir: string): Promise<void> => {
  const pid = readPid(dir)
  if (pid) await sweepGroup(pid)
}
