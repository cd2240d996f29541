/** Finds the program before anything is started, so that an unknown command fails at once and says why. */
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, isAbsolute, join, resolve } from 'node:path'
import type { ContentProblem } from '@dunlin/domain/agent'

export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The absolute path of the program, or what is wrong with it. */
export const findCommand = (
  command: string,
  { cwd, path }: { readonly cwd: string; readonly path: string },
): { readonly path: string } | { readonly problem: ContentProblem } => {
  if (command.includes('/')) {
    const full = isAbsolute(command) ? command : resolve(cwd, command)
    return isProgram(full) ? { path: full } : { problem: unknown(command, `${full} is not there or may not be run`) }
  }
  for (const folder of path.split(delimiter)) {
    const full = join(folder, command)
    if (isAbsolute(folder) && isProgram(full)) return { path: full }
  }
  return { problem: unknown(command, `no folder of PATH (${path}) holds it`) }
}

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

const unknown = (command: string, why: string): ContentProblem => ({
  code: 'unknown_command',
  message: `The command "${command}" cannot be run on this node: ${why}.`,
  hint: 'Give an absolute path, set PATH in config.env, or install the program on the nodes that the selector matches.',
})
