/** The environment of a process job, made from scratch: nothing of the agent's own is inherited. */
import type { ProcessConfig } from '@dunlin/contracts/agent'
import { bareEnvironment } from '../bare-environment.ts'
import type { Task } from '../driver.ts'
import { bootId, isAlive } from '../proc.ts'
import { SHIM_VARIABLE } from '../shim.ts'
import { readPid, readText } from '../task-dir.ts'

export const environmentOf = (
  task: Task,
  { env }: Pick<ProcessConfig, 'env'>,
  node: string,
  secrets: Readonly<Record<string, string>> = {},
): Record<string, string> => ({
  ...bareEnvironment(task.dir),
  ...env,
  ...secrets,
  DUNLIN_NODE: node,
  DUNLIN_NAMESPACE: task.job.namespace,
  DUNLIN_JOB: task.job.name,
  DUNLIN_EXECUTION: task.execution,
  DUNLIN_ATTEMPT: String(task.attempt),
  DUNLIN_STATE_DIR: task.stateDir,
})

/**
 * The environment of the running attempt, secrets included, as its shim was given it: the kernel keeps it, no file does.
 * The command's own copy serves when the shim is gone; some programs write over theirs.
 */
export const runningEnvironment = (
  task: Task,
  config: Pick<ProcessConfig, 'env'>,
  node: string,
): Record<string, string> => {
  const file = readPid(task.dir)
  if (file?.attempt === task.attempt && file.boot === bootId())
    for (const [pid, startTicks] of [
      [file.shimPid, file.shimStartTicks],
      [file.pid, file.startTicks],
    ] as const) {
      const read = isAlive(pid, startTicks) ? readEnvironment(pid) : undefined
      if (read?.['DUNLIN_EXECUTION'] === task.execution) return read
    }
  return environmentOf(task, config, node)
}

const readEnvironment = (pid: number): Record<string, string> => {
  const entries = (readText(`/proc/${pid}/environ`) ?? '').split('\0').flatMap((entry) => {
    const cut = entry.indexOf('=')
    // What the shim has for itself alone.
    if (entry.startsWith(`${SHIM_VARIABLE}=`)) return []
    return cut > 0 ? [[entry.slice(0, cut), entry.slice(cut + 1)] as const] : []
  })
  return Object.fromEntries(entries)
}
