/**
 * Ending an attempt and everything that it started: its process group, what left the group but not the control group, and
 * on machines without control groups whatever carries the task's mark in its environment.
 */
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { endTaskGroup, killTaskGroup, readTaskGroup } from '../cgroups/task-group.ts'
import { inspectProcess, isOurs, SHOW_PID_WITHIN_MS, type TaskFiles } from './inspect-process.ts'
import { groupMembers, isAlive, markedProcesses, startTicksOf } from './proc.ts'
import { readExit, readPid, writeAtomically, type PidFile } from './task-dir.ts'

/** How long what was killed may take to vanish. */
const VANISH_WITHIN_MS = 15_000
/** How long the shim may take to write down the end of a command that was killed. */
const EXIT_WITHIN_MS = 1_000

/** Sends a signal to the whole group. False when its leader is gone or the pid belongs to somebody else by now. */
export const signalGroup = (task: TaskFiles, signal: NodeJS.Signals): boolean => {
  const pid = readPid(task.dir)
  if (!pid || pid.attempt !== task.attempt || !isOurs(pid)) return false
  const leader = isAlive(pid.shimPid, pid.shimStartTicks)
  if (!leader && !isAlive(pid.pid, pid.startTicks)) return false
  // The command may have left the group of a shim that is gone, and a stranger's group may have its number by now.
  const bearer = leader ? undefined : startTicksOf(pid.shimPid)
  if (bearer !== undefined && bearer !== pid.shimStartTicks) return kill(pid.pid, signal)
  return kill(-pid.shimPid, signal)
}

const kill = (pid: number, signal: NodeJS.Signals): boolean => {
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false
  }
}

/** Signals, waits for `graceMs`, kills, and resolves when nothing is left. */
export const stopProcess = async (
  task: TaskFiles,
  graceMs: number,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<void> => {
  const graceEnd = performance.now() + graceMs
  // Bounded here as well: the claim's age is told by the wall clock, and that may have been set back.
  const shownBy = performance.now() + SHOW_PID_WITHIN_MS
  while (inspectProcess(task).is === 'starting' && performance.now() < shownBy) await delay(20)
  if (signalGroup(task, signal))
    while (inspectProcess(task).is === 'running' && performance.now() < graceEnd) await delay(20)
  const pid = readPid(task.dir)
  const ours = pid?.attempt === task.attempt && isOurs(pid) ? pid : undefined
  const killed = ours !== undefined && inspectProcess(task).is === 'running'
  if (ours && killed) await killCommand(task, ours)
  await sweepTaskDir(task.dir)
  if (killed && readExit(task.dir)?.attempt !== task.attempt)
    writeAtomically(join(task.dir, 'exit'), `${task.attempt} 137\n`)
}

/** The shim is spared for a moment, because it alone sees how the command ends. */
const killCommand = async (task: TaskFiles, pid: PidFile): Promise<void> => {
  if (isAlive(pid.pid, pid.startTicks)) kill(pid.pid, 'SIGKILL')
  const group = readTaskGroup(task.dir)
  if (group) await killTaskGroup(group)
  const exitBy = performance.now() + EXIT_WITHIN_MS
  while (inspectProcess(task).is === 'running' && performance.now() < exitBy) await delay(5)
}

/** Kills everything that was started from a task's directory, also when nobody can name its task any more. */
export const sweepTaskDir = async (dir: string): Promise<void> => {
  const pid = readPid(dir)
  const group = readTaskGroup(dir)
  if (group) await killTaskGroup(group)
  if (pid) await sweepGroup(pid)
  if (group?.tree === undefined) await sweepMarked(basename(dir))
  if (group) await endTaskGroup(dir, group)
}

/** Kills what a command that ended left behind in its process group. */
const sweepGroup = async (pid: PidFile): Promise<void> => {
  const vanishBy = performance.now() + VANISH_WITHIN_MS
  while (isOurs(pid) && performance.now() < vanishBy) {
    const members = groupMembers(pid.shimPid)
    // A leader with another start time means that the number was given to a stranger's group.
    const stranger = members.includes(pid.shimPid) && !isAlive(pid.shimPid, pid.shimStartTicks)
    if (members.length === 0 || stranger) return
    kill(-pid.shimPid, 'SIGKILL')
    await delay(20)
  }
}

/** What stands still cannot fork: all are stopped before the first is killed, and the rest is looked for again. */
const sweepMarked = async (execution: string): Promise<void> => {
  const vanishBy = performance.now() + VANISH_WITHIN_MS
  while (performance.now() < vanishBy) {
    const members = markedProcesses(execution)
    if (members.length === 0) return
    for (const member of members) kill(member, 'SIGSTOP')
    for (const member of members) kill(member, 'SIGKILL')
    await delay(20)
  }
}
