/** What every process of a task finds in its environment, made from scratch: nothing of the agent's own is inherited. */
import { join } from 'node:path'
import { DEFAULT_PATH } from './process/find-command.ts'

/** `dir`: the task's directory. */
export const bareEnvironment = (dir: string): Record<string, string> => ({
  PATH: DEFAULT_PATH,
  HOME: join(dir, 'local'),
  TMPDIR: join(dir, 'tmp'),
  LANG: 'C.UTF-8',
})
