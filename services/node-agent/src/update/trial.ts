/**
 * What the agent and its launcher tell each other, as files of the agent's home, each one line:
 *   trial     "<execution> <attempt> <from> <to> <seconds>": `to` must become healthy within that time
 *   healthy   the same line: it did (the new agent renames trial)
 *   reverted  the same line and why: it did not (the launcher renames trial)
 * Read by a shell as well: no field but the last may hold a space.
 */
import { renameSync, rmSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { readText } from '../drivers/task-dir.ts'
import { currentVersion, keepSlots, syncPath } from './slots.ts'

export interface Trial {
  readonly execution: string
  readonly attempt: number
  readonly from: string
  readonly to: string
  readonly seconds: number
}

export type TrialState =
  | { readonly is: 'on_trial' }
  | { readonly is: 'healthy' }
  | { readonly is: 'reverted'; readonly why: string; readonly from: string; readonly to: string }

const read = (home: string, name: string): (Trial & { readonly rest: string }) | undefined => {
  const [execution, attempt, from, to, seconds, ...rest] = readText(join(home, name))?.trim().split(' ') ?? []
  if (execution === undefined || from === undefined || to === undefined || seconds === undefined) return undefined
  return { execution, attempt: Number(attempt), from, to, seconds: Number(seconds), rest: rest.join(' ') }
}

/** The next start of the launcher is the trial. */
export const beginTrial = async (home: string, { execution, attempt, from, to, seconds }: Trial): Promise<void> => {
  const path = join(home, 'trial')
  // How often the launcher has started the one before.
  rmSync(join(home, 'starts'), { force: true })
  const handle = await open(`${path}.tmp`, 'w', 0o600)
  try {
    await handle.writeFile(`${execution} ${attempt} ${from} ${to} ${seconds}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  renameSync(`${path}.tmp`, path)
  await syncPath(home)
}

/** It could not be switched to: without this every later update would wait for its decision. */
export const dropTrial = (home: string): void => rmSync(join(home, 'trial'), { force: true })

export const isOnTrial = (home: string): boolean => read(home, 'trial') !== undefined

/** What became of the trial of an attempt; undefined when there was none. */
export const trialOf = (home: string, execution: string, attempt: number): TrialState | undefined => {
  const isIt = (trial: Trial | undefined): boolean => trial?.execution === execution && trial.attempt === attempt
  if (isIt(read(home, 'trial'))) return { is: 'on_trial' }
  if (isIt(read(home, 'healthy'))) return { is: 'healthy' }
  const reverted = read(home, 'reverted')
  if (!reverted || !isIt(reverted)) return undefined
  return { is: 'reverted', why: reverted.rest, from: reverted.from, to: reverted.to }
}

/** Said by an agent that has found its tasks and whose announcement the log has acknowledged. */
export const confirmTrial = (home: string): Trial | undefined => {
  const trial = read(home, 'trial')
  if (trial === undefined || trial.to !== currentVersion(home)) return undefined
  renameSync(join(home, 'trial'), join(home, 'healthy'))
  // Nobody goes back to any other version.
  keepSlots(home, [trial.to, trial.from])
  return trial
}
