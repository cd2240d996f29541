/** Commands of the repository that a bench needs done first. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
export const root = fileURLToPath(new URL('../../../', import.meta.url))

const messageOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'stdout' in error ? String(error.stdout) : String(error)

/** JavaScript of these packages and of what they need, in their `dist`, as it is shipped. */
export const build = async (folders: readonly string[]): Promise<void> => {
  try {
    await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', ...folders], { cwd: root })
  } catch (error) {
    throw new Error(`tsc -b ${folders.join(' ')}:\n${messageOf(error)}`, { cause: error })
  }
}

/** The agent in one file, as it is shipped; returns its path. */
export const bundleAgent = async (folder: string): Promise<string> => {
  await run(process.execPath, [join(root, 'services/node-agent/build/bundle.ts'), folder], { cwd: root })
  return join(folder, 'agent.mjs')
}
