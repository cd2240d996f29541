// Looks a program up, as a shell does.
import { accessSync, constants, statSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** @param path a list of folders as in the environment variable PATH */
export function onPath(program: string, path: string): { path: string } | { problem: string } {
  for (const folder of path.split(delimiter)) {
    if (folder === '') continue
    const file = join(folder, program)
    if (isExecutable(file)) return { path: file }
  }
  return { problem: 'not found' }
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}
