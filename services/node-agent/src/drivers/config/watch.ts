/** Looks after files that were put in place: finds what has drifted, and corrects or reports it. */
import { millisOf, type ConfigConfig } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../driver.ts'
import { markOf } from './apply.ts'
import { differences, tellDifferences, type Difference, type Seen } from './drift.ts'
import { putFile } from './found.ts'
import { realPlace, type ConfigPlaces } from './places.ts'
import { stagedDir, writeApplied, type Applied, type AppliedFile } from './records.ts'
import { tellReader } from './reload.ts'

export interface Watch {
  /** What is not as it shall be; undefined while everything is. */
  problem(): ContentProblem | undefined
  /** Resolves when nothing is looked at or corrected any more. */
  stop(): Promise<void>
}

const DEFAULT_CHECK_MS = 30_000
/** Corrected at this many checks in a row, something else keeps writing the same files. */
const RETURNS = 3

export const startWatch = (task: Task, config: ConfigConfig, places: ConfigPlaces, found: Applied): Watch => {
  const everyMs = config.check_every === undefined ? DEFAULT_CHECK_MS : millisOf(config.check_every)
  const seen: Seen = new Map()
  const stopping = new AbortController()
  let applied = found
  let problem: ContentProblem | undefined
  let inARow = 0
  let timer: NodeJS.Timeout | undefined
  let checking: Promise<void> = Promise.resolve()

  const remember = async (reloadDue: boolean): Promise<void> => {
    if (applied.reloadDue !== reloadDue) await writeApplied(task.dir, (applied = { ...applied, reloadDue }))
  }
  const tell = async (): Promise<ContentProblem | undefined> => {
    if (!applied.reloadDue) return undefined
    const why = await tellReader(task, config.reload, stopping.signal)
    if (why !== undefined) return { code: 'reload_failed', message: `The files were corrected, and ${why}` }
    await remember(false)
    return undefined
  }
  const check = async (): Promise<ContentProblem | undefined> => {
    const drifted = await differences(applied.files, seen)
    if (drifted.length === 0) {
      inARow = 0
      return tell()
    }
    const list = tellDifferences(drifted)
    if (config.on_drift === 'report')
      return { code: 'drifted', message: `${drifted.length} of ${applied.files.length} files have drifted: ${list}` }
    await remember(true)
    for (const one of drifted) await correct(task, config, places, applied.files, one)
    inARow += 1
    note(task, `corrected ${list}`)
    const untold = await tell()
    if (untold !== undefined || inARow < RETURNS) return untold
    return {
      code: 'drift_returns',
      message: `Something keeps changing what this job puts in place: ${list}`,
      hint: 'Each check corrects it again; find out who else writes these files.',
    }
  }
  const round = async (): Promise<void> => {
    try {
      problem = await check()
    } catch (error) {
      if (stopping.signal.aborted) return
      const message = `Drift could not be corrected: ${error instanceof Error ? error.message : String(error)}`
      problem = { code: 'drift_uncorrected', message }
      note(task, message)
    }
  }
  const arm = (): void => {
    if (stopping.signal.aborted) return
    // The agent may end while it waits: the next one looks again.
    timer = setTimeout(() => void (checking = round().then(arm)), everyMs).unref()
  }
  arm()
  return {
    problem: () => problem,
    stop: async () => {
      stopping.abort()
      clearTimeout(timer)
      await checking
    },
  }
}

const correct = async (
  task: Task,
  config: ConfigConfig,
  places: ConfigPlaces,
  files: readonly AppliedFile[],
  { path }: Difference,
): Promise<void> => {
  const file = files.find((one) => one.path === path)
  const staged = await stagedOf(task, config, places, path)
  if (file === undefined || staged === undefined) throw new Error(`${path} leads elsewhere by now`)
  await putFile(path, staged, file, markOf(task))
}

/** Asked again each time: a folder may have become a link that leads out of the roots. */
const stagedOf = async (
  task: Task,
  { files }: ConfigConfig,
  places: ConfigPlaces,
  path: string,
): Promise<string | undefined> => {
  for (const file of files)
    if ((await realPlace(file.path, places)) === path) return join(stagedDir(task.dir), file.path)
  return undefined
}

/** In the task's log, where `dunlin logs` shows it. */
const note = ({ dir }: Task, text: string): void => {
  try {
    mkdirSync(join(dir, 'logs'), { recursive: true, mode: 0o700 })
    appendFileSync(join(dir, 'logs', 'stdout'), `${new Date().toISOString()} ${text}\n`, { mode: 0o600 })
  } catch {
    // The disk is full: the state says the same.
  }
}
