/** Starting a shim and its command: what every driver with a process of its own shares. Finding and ending it lie beside. */
import { spawn } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { groupName, type CgroupBackend } from '../cgroups/backend.ts'
import { limitsOf } from '../cgroups/limits.ts'
import { saveTaskGroup } from '../cgroups/task-group.ts'
import { TaskError, type Task } from './driver.ts'
import { inspectProcess, SHOW_PID_WITHIN_MS } from './inspect-process.ts'
import { noteLaunch } from './launch-record.ts'
import { bootId } from './proc.ts'
import { RUN_SHIM, SHIM, SHIM_VARIABLE } from './shim.ts'
import { prepareTaskDir } from './task-dir.ts'

export { inspectProcess } from './inspect-process.ts'
export { signalGroup, stopProcess, sweepTaskDir } from './stop-process.ts'

export interface Launch {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Whether `prepareTaskDir` was called for this attempt; else it is called now. */
  readonly prepared?: boolean
  /** Octal. */
  readonly umask?: string | undefined
  /** With it, the attempt gets a control group and the limits of its content. */
  readonly cgroups?: CgroupBackend | undefined
}

/** Throws a temporary `TaskError` when the host cannot start a process now. */
export const launch = async (task: Task, what: Launch, onExit: () => void): Promise<void> => {
  const { dir, attempt } = task
  let failure: string | undefined
  try {
    if (what.prepared !== true) prepareTaskDir(dir, attempt)
    const folders = await joinGroups(task, what.cgroups)
    const { command, args, cwd, umask = '-' } = what
    const shimArgs = [dir, String(attempt), cwd, umask, bootId(), String(folders.length), ...folders, command, ...args]
    // The mark by which everything that the task starts is known, wherever it goes.
    const marks = { DUNLIN_EXECUTION: task.execution, DUNLIN_ATTEMPT: String(attempt) }
    const env = { ...what.env, ...marks, [SHIM_VARIABLE]: SHIM }
    if (task.content.restartPolicy === 'never') noteLaunch(dir, attempt)
    // detached: the shim leads a session and process group of its own and survives the agent.
    const shim = spawn('/bin/sh', ['-c', RUN_SHIM, 'dunlin-shim', ...shimArgs], {
      detached: true,
      stdio: 'ignore',
      env,
      cwd: '/',
    })
    shim.once('error', (error) => (failure = error.message))
    shim.once('exit', onExit)
    shim.unref()
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error)
  }
  const deadline = performance.now() + SHOW_PID_WITHIN_MS
  for (let waitMs = 1; failure === undefined; waitMs = Math.min(50, waitMs * 1.5)) {
    const inspected = inspectProcess(task)
    if (inspected.is === 'running' || inspected.is === 'exited') return
    if (performance.now() > deadline) failure = `the shim showed no process within ${SHOW_PID_WITHIN_MS} ms`
    else await delay(waitMs)
  }
  throw new TaskError({ code: 'not_started', message: `The process could not be started: ${failure}` }, false)
}

/** The folders that the command joins; they are noted before anything can be in them. */
const joinGroups = async (task: Task, cgroups: CgroupBackend | undefined): Promise<readonly string[]> => {
  if (!cgroups || cgroups.kind === 'none') return []
  const group = await cgroups.create(groupName(task.execution, task.attempt), task.attempt, limitsOf(task.content))
  saveTaskGroup(task.dir, group)
  return group.join
}
