/** What the task's directory, /proc and the control group's counter say of an attempt. Cheap: asked several times a second. */
import { constants } from 'node:os'
import { outOfMemory } from '../cgroups/task-group.ts'
import type { Inspected, Task } from './driver.ts'
import { launchedInEarlierBoot } from './launch-record.ts'
import { bootId, isAlive } from './proc.ts'
import { claimedAt, readExit, readPid, type PidFile } from './task-dir.ts'

/** An attempt is found by these alone. The directory is named by the execution. */
export type TaskFiles = Pick<Task, 'dir' | 'attempt'>

/** How long a claimed attempt may take to show its pid before it counts as lost. */
export const SHOW_PID_WITHIN_MS = 10_000

const signalNames = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]))

/** An attempt whose shim was killed is watched on by its own pid; how it ends then nobody can know: `lost`. */
export const inspectProcess = ({ dir, attempt }: TaskFiles): Inspected => {
  const early = exitOf(dir, attempt)
  if (early) return early
  const pid = readPid(dir)
  if (!pid || pid.attempt !== attempt) {
    const claimed = claimedAt(dir, attempt)
    if (claimed === undefined) return { is: launchedInEarlierBoot(dir, attempt) ? 'lost' : 'absent' }
    return Date.now() - claimed < SHOW_PID_WITHIN_MS ? { is: 'starting' } : { is: 'lost' }
  }
  if (isOurs(pid) && (isAlive(pid.pid, pid.startTicks) || isAlive(pid.shimPid, pid.shimStartTicks)))
    return { is: 'running', pid: pid.pid }
  // The shim may have written the exit between the two looks.
  return exitOf(dir, attempt) ?? { is: 'lost' }
}

/** A pid of an earlier boot names nobody, or a stranger. */
export const isOurs = (pid: PidFile): boolean => pid.boot === bootId()

const exitOf = (dir: string, attempt: number): Inspected | undefined => {
  const exit = readExit(dir)
  if (!exit || exit.attempt !== attempt) return undefined
  // sh reports an end by signal n as 128 + n; `exit 137` and SIGKILL look alike, so the code is always told as well.
  const signal = exit.code > 128 ? (signalNames.get(exit.code - 128) ?? null) : null
  const error = exit.code === 0 ? undefined : memoryProblem(dir, attempt)
  return { is: 'exited', code: exit.code, signal, at: exit.at, ...(error ? { error } : {}) }
}

/** Exit code 137 alone says nothing: whoever sends SIGKILL causes it. The kernel's counter does. */
const memoryProblem = (dir: string, attempt: number) => {
  const found = outOfMemory(dir, attempt)
  if (!found) return undefined
  const limit = found.memoryBytes > 0 ? ` of ${found.memoryBytes} bytes` : ''
  return {
    code: 'out_of_memory',
    message: `The task used up its memory limit${limit}: the kernel killed ${found.kills} of its processes.`,
    hint: 'Raise resources.memory, or find out what takes so much.',
  }
}
