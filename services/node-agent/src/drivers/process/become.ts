/** The words before a command that make it run with other limits or as somebody else: each replaces itself by the next. */
import type { Rlimits } from '@dunlin/contracts/agent'
import { execFile } from 'node:child_process'
import { TaskError } from '../driver.ts'
import type { Account } from './account.ts'
import { DEFAULT_PATH, findCommand } from './find-command.ts'

export const becoming = async (rlimits: Rlimits | undefined, account: Account | undefined): Promise<string[]> => {
  const limits = Object.entries(rlimits ?? {}).map(([name, value]) => `--${name}=${value}:${value}`)
  const words = limits.length === 0 ? [] : [tool('prlimit'), ...limits, '--']
  // A limit above the hard one of the agent is refused by the kernel; better before the attempt than inside it.
  if (words.length > 0) await tryOut(words)
  if (!account) return words
  const { uid, gid, named } = account
  const groups = named ? '--init-groups' : '--clear-groups'
  return [...words, tool('setpriv'), `--reuid=${uid}`, `--regid=${gid}`, groups, '--']
}

const tool = (name: string): string => {
  const found = findCommand(name, { cwd: '/', path: DEFAULT_PATH })
  if ('path' in found) return found.path
  throw unsupported(`The program ${name} (util-linux) is not on this node.`)
}

const tryOut = ([program = '', ...args]: readonly string[]): Promise<void> =>
  new Promise((resolve, reject) => {
    execFile(program, [...args, '/bin/sh', '-c', ':'], { timeout: 10_000 }, (error, _, stderr) =>
      error ? reject(unsupported(`config.rlimits cannot be set: ${(stderr || error.message).trim()}`)) : resolve(),
    )
  })

const unsupported = (message: string): TaskError =>
  new TaskError(
    { code: 'limits_unsupported', message, hint: 'A limit may not be above the hard limit of the agent.' },
    true,
  )
