/**
 * Puts artifacts, files and rendered templates into the local directory, before every attempt. Each is made ready in a
 * folder that only the agent can enter and renamed into its place: other processes of the job's account may change the
 * local directory meanwhile, and nothing is ever written, given or opened by a path through it.
 */
import type { FetchedArtifact, ProcessConfig, ProcessFile } from '@dunlin/contracts/agent'
import { chmodSync, chownSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { diskFull, isDiskFull } from '../../artifacts/problem.ts'
import { renderTemplate, type TemplateValue } from '../../templates/render.ts'
import { TaskError, type StartControl, type Task } from '../driver.ts'
import { holdFolder, WayRefused } from '../held-folder.ts'
import type { Account } from './account.ts'

export interface Placing {
  readonly task: Task
  readonly control: Pick<StartControl, 'signal' | 'onProgress'>
  readonly artifacts: Artifacts | undefined
  readonly account: Account | undefined
  readonly values: Readonly<Record<string, TemplateValue>>
  /** Between any two steps; tests let somebody else act there. */
  readonly onStep?: () => void
}

const FILE_MODE = 0o600

export const placeFiles = async (config: ProcessConfig, placing: Placing): Promise<void> => {
  for (const artifact of config.artifacts ?? []) await placeArtifact(artifact, placing)
  for (const file of config.files ?? []) await placeFile(file, placing)
}

const placeArtifact = async ({ destination, mode, ...artifact }: FetchedArtifact, placing: Placing): Promise<void> => {
  const { control, artifacts } = placing
  const name = destination ?? basename(new URL(artifact.source).pathname)
  if (!artifacts) throw new TaskError({ code: 'not_built', message: 'This agent has no artifact store.' }, true)
  await place(name === '' ? artifact.sha256 : name, placing, (path) =>
    artifacts.place(artifact, { path, mode: modeOf(mode) }, control),
  )
}

const placeFile = async ({ path, content, template, artifact, mode }: ProcessFile, placing: Placing): Promise<void> => {
  if (artifact) return placeArtifact({ ...artifact, destination: path, ...(mode ? { mode } : {}) }, placing)
  const text = content ?? (await renderTemplate(path, template ?? '', placing.values))
  await place(path, placing, (fresh) => {
    writeFileSync(fresh, text, { mode: FILE_MODE })
    chmodSync(fresh, modeOf(mode))
  })
}

const modeOf = (mode: string | undefined): number => (mode === undefined ? FILE_MODE : parseInt(mode, 8))

const place = async (
  name: string,
  { task, account, onStep }: Placing,
  make: (path: string) => Promise<void> | void,
): Promise<void> => {
  const folder = join(task.dir, 'placing')
  const fresh = join(folder, 'file')
  try {
    // An agent that was killed may have left one behind.
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o700 })
    await make(fresh)
    if (account) chownSync(fresh, account.uid, account.gid)
    moveIntoLocal(fresh, task, name, account, onStep)
  } catch (error) {
    throw explained(error, task, name)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What lies there gives way: a file that somebody still holds, or a link, which is not followed. */
const moveIntoLocal = (
  fresh: string,
  task: Task,
  name: string,
  account: Account | undefined,
  onStep: Placing['onStep'],
): void => {
  const make = { mode: 0o777, owner: account }
  const to = holdFolder(join(task.dir, 'local'), dirname(name), { links: 'inside', make, onStep })
  try {
    onStep?.()
    renameSync(fresh, to.at(basename(name)))
  } finally {
    to.close()
  }
}

const explained = (error: unknown, { dir }: Task, name: string): unknown => {
  if (error instanceof TaskError) return error
  if (error instanceof WayRefused)
    return new TaskError(
      { code: 'file_refused', message: `The path ${name} leads out of the local directory, or cannot be followed.` },
      true,
    )
  if (isDiskFull(error)) return diskFull(dir, `the file ${name} does not fit`)
  const message = `The file ${name} cannot be written: ${error instanceof Error ? error.message : String(error)}`
  return new TaskError({ code: 'file_failed', message }, false)
}
