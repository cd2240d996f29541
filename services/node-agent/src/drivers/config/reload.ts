/** Tells whoever reads the files that they have changed: by a command, or by a signal to the process that a pid file names. */
import type { Reload } from '@dunlin/contracts/agent'
import type { Task } from '../driver.ts'
import { runOwnCommand } from '../own-command.ts'
import { readerOf } from './pid-file.ts'

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
  const reader = readerOf(pidFile)
  if ('why' in reader) return reader.why
  const { pid } = reader
  try {
    process.kill(pid, reload.signal)
    return undefined
  } catch (error) {
    return `process ${pid} of ${pidFile} could not be told: ${error instanceof Error ? error.message : String(error)}`
  }
}
