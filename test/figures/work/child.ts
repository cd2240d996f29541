/** Runs another command of the repository as a person would, and reads what it wrote with `--json`. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `source`: the main of the command, from the root of the repository. */
export type RunChild = (source: string, args: readonly string[]) => Promise<unknown>

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const ended = (command: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    // Progress and tables go where our own progress goes. The channel ends the child when this process dies.
    const child = spawn(process.execPath, command, { cwd: ROOT, stdio: ['ignore', 2, 2, 'ipc'] })
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(signal ?? `code ${code}`))
  })

export const runChild: RunChild = async (source, args) => {
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-figures-'))
  const file = join(dir, 'told.json')
  const preload = ['--conditions=dunlin-source', '--import', './infra/setup/follow-parent.mjs']
  try {
    const how = await ended([...preload, source, ...args, '--json', file])
    // A code other than 0 may mean a broken law or a living mutant, which is a result; without numbers there is none.
    if (!existsSync(file)) throw new Error(`${source} ${args.join(' ')} ended with ${how} and wrote no figures`)
    return JSON.parse(readFileSync(file, 'utf8')) as unknown
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
