/** Tells whoever reads the files that they have changed: by a command, or by a signal to the process that a pid file names. */
import type { Reload } from '@dunlin/contracts/agent'
import type { Task } from '../driver.ts'
import { runOwnCommand } from '../own-command.ts'
import { readText } from '../task-dir.ts'

/** Undefined when it worked, otherwise why not. */
export const tellReader = async (
  task: Pick<Task, 'dir' | 'execution' | 'job'>,
  reload: Reload | undefined,
  signal: AbortSignal,
): Promise<string | undefined> => {
  if (reload === undefined) return undefined
  const { command, args, timeout, pid_file: pidFile = '' } = reload
  if (command !== undefined)
    return runOwnCommand(task, { command, ...(args && { args }), ...(timeout && { timeout }) }, { signal })
  const text = readText(pidFile)?.trim()
  if (text === undefined) return `${pidFile} is not there, so nobody could be told`
  const pid = /^\d+$/.test(text) ? Number(text) : 0
  // 0 would be the agent's own group, 1 the host.
  if (!Number.isSafeInteger(pid) || pid < 2) return `${pidFile} holds no process id`
  try {
    process.kill(pid, reload.signal)
    return undefined
  } catch (error) {
    return `process ${pid} of ${pidFile} could not be told: ${error instanceof Error ? error.message : String(error)}`
  }
}
