/**
 * Puts the files of a config task in place: all of them, or none. What is about to change is written down first, so that
 * an agent that is killed anywhere in between finds out what to put back.
 */
import type { ConfigConfig } from '@dunlin/contracts/agent'
import { isDiskFull } from '../../artifacts/problem.ts'
import { TaskError, type Task } from '../driver.ts'
import { differences } from './drift.ts'
import { keep, missingFolders, putBack, putFile, remember, removeFolders } from './found.ts'
import {
  dropIntent,
  originalsDir,
  previousDir,
  readApplied,
  readIntent,
  readOriginals,
  writeApplied,
  writeIntent,
  writeOriginals,
  type Change,
  type Intent,
  type Originals,
} from './records.ts'
import { tellReader } from './reload.ts'
import type { Wanted } from './stage.ts'

/** What is known of a task from its directory alone. */
export type Owner = Pick<Task, 'dir' | 'execution' | 'job'>

const NEVER: AbortSignal = new AbortController().signal

/** Temporary files beside the real ones carry it. */
export const markOf = ({ execution }: Pick<Task, 'execution'>): string => `dunlin-${execution}`

/** Resolves when everything is in place and told. Throws `TaskError`; then everything is as it was. */
export const apply = async (
  task: Task,
  config: ConfigConfig,
  wanted: readonly Wanted[],
  signal: AbortSignal,
): Promise<void> => {
  const leaving = config.on_remove === 'restore' ? left(readOriginals(task.stateDir), wanted) : []
  const differing = new Set((await differences(wanted)).map(({ path }) => path))
  const changing = wanted.filter(({ path }) => differing.has(path))
  try {
    if (changing.length > 0 || leaving.length > 0)
      await change(task, await begin(task, config, changing, leaving), changing, leaving, signal)
    const files = wanted.map(({ path, sha256, mode, uid, gid }) => ({ path, sha256, mode, uid, gid }))
    await writeApplied(task.dir, { attempt: task.attempt, files, reloadDue: false })
  } catch (error) {
    await undo(task)
    throw explained(error)
  }
  await finish(task.dir)
}

/** Brings a change that an agent did not live to finish to its end: to all of it when all was done, or to none. */
export const settle = async (owner: Owner, patience: AbortSignal = NEVER): Promise<void> => {
  const intent = readIntent(owner.dir)
  if (intent === undefined) return
  await (readApplied(owner.dir)?.attempt === intent.attempt ? finish(owner.dir) : undo(owner, patience))
}

/** `patience` ends the wait for the reader. */
const undo = async (owner: Owner, patience: AbortSignal = NEVER): Promise<void> => {
  const intent = readIntent(owner.dir)
  if (!intent) return
  const failed: string[] = []
  for (const { path, before, folders } of intent.changes.toReversed()) {
    try {
      await putBack(path, before, previousDir(owner.dir), markOf(owner))
      await removeFolders(folders)
    } catch (error) {
      failed.push(`${path}: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  // Best effort: the reader may be what is broken.
  if (intent.reloading) await tellReader(owner, intent.reload, patience).catch(() => undefined)
  // The intent stays: the next attempt, or the next agent, tries again.
  if (failed.length > 0)
    throw new TaskError(
      { code: 'undo_failed', message: `Not every file could be put back: ${failed.join('; ')}` },
      false,
    )
  dropIntent(owner.dir)
}

/** The first time that the job changes a path, what lay there is kept for as long as the job is here. */
const finish = async (dir: string): Promise<void> => {
  const intent = readIntent(dir)
  if (!intent) return
  const { stateDir, changes, leaving } = intent
  const originals: Record<string, Change> = { ...readOriginals(stateDir) }
  for (const { path, before, folders } of changes) {
    if (leaving.includes(path)) delete originals[path]
    else if (!Object.hasOwn(originals, path)) {
      const name = String(1 + Math.max(-1, ...Object.values(originals).map(nameOf)))
      const kept = await keep(before, previousDir(dir), originalsDir(stateDir), name)
      originals[path] = { path, before: kept, folders }
    }
  }
  await writeOriginals(stateDir, originals)
  dropIntent(dir)
}

const nameOf = ({ before }: Change): number => (before.is === 'file' ? Number(before.copy) : -1)

/** For a job that has left the node: everything as it was before it came. */
export const restoreOriginals = async (task: Task, config: ConfigConfig): Promise<void> => {
  const originals = Object.values(readOriginals(task.stateDir))
  if (originals.length === 0) return
  for (const { path, before, folders } of originals) {
    await putBack(path, before, originalsDir(task.stateDir), markOf(task))
    await removeFolders(folders)
  }
  await writeOriginals(task.stateDir, {})
  const why = await tellReader(task, config.reload, NEVER)
  if (why !== undefined) throw new Error(why)
}

const begin = async (
  { dir, stateDir, attempt, job }: Task,
  { reload }: ConfigConfig,
  changing: readonly Wanted[],
  leaving: readonly Change[],
): Promise<Intent> => {
  const changes: Change[] = []
  for (const [index, { path }] of [...changing, ...leaving].entries()) {
    const before = await remember(path, previousDir(dir), String(index))
    changes.push({ path, before, folders: await missingFolders(path) })
  }
  const paths = leaving.map(({ path }) => path)
  const intent: Intent = { attempt, job, stateDir, reload, reloading: false, changes, leaving: paths }
  await writeIntent(dir, intent)
  return intent
}

const change = async (
  task: Task,
  intent: Intent,
  changing: readonly Wanted[],
  leaving: readonly Change[],
  signal: AbortSignal,
): Promise<void> => {
  for (const file of changing) {
    signal.throwIfAborted()
    await putFile(file.path, file.staged, file, markOf(task))
  }
  for (const { path, before, folders } of leaving) {
    await putBack(path, before, originalsDir(task.stateDir), markOf(task))
    await removeFolders(folders)
  }
  signal.throwIfAborted()
  await writeIntent(task.dir, { ...intent, reloading: true })
  const why = await tellReader(task, intent.reload, signal)
  if (why !== undefined)
    throw new TaskError({ code: 'reload_failed', message: `Every file is as it was before: ${why}` }, false)
}

/** Paths that the job no longer names. */
const left = (originals: Originals, wanted: readonly Wanted[]): Change[] =>
  Object.values(originals).filter(({ path }) => !wanted.some((one) => one.path === path))

const explained = (error: unknown): unknown => {
  if (isDiskFull(error))
    return new TaskError({ code: 'disk_full', message: 'Every file is as it was: the disk is full.' }, false)
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (!['EACCES', 'EPERM', 'EROFS'].includes(code)) return error
  const message = `Every file is as it was: ${error instanceof Error ? error.message : code}.`
  const hint = 'The agent writes as its own user; only root can give a file to another owner.'
  return new TaskError({ code: 'not_permitted', message, hint }, true)
}
