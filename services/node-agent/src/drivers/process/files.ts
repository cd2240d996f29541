/** Puts artifacts, files and rendered templates into the local directory, before every attempt. */
import type { FetchedArtifact, ProcessConfig, ProcessFile } from '@dunlin/contracts/agent'
import { lchownSync, mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, dirname, join, relative } from 'node:path'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { renderTemplate, type TemplateValue } from '../../templates/render.ts'
import { TaskError, type StartControl, type Task } from '../driver.ts'
import type { Account } from './account.ts'

export interface Placing {
  readonly task: Task
  readonly control: Pick<StartControl, 'signal' | 'onProgress'>
  readonly artifacts: Artifacts | undefined
  readonly account: Account | undefined
  readonly values: Readonly<Record<string, TemplateValue>>
}

const FILE_MODE = 0o600

export const placeFiles = async (config: ProcessConfig, placing: Placing): Promise<void> => {
  for (const artifact of config.artifacts ?? []) await placeArtifact(artifact, placing)
  for (const file of config.files ?? []) await placeFile(file, placing)
}

const placeArtifact = async (
  { destination, mode, ...artifact }: FetchedArtifact,
  { task, control, artifacts, account }: Placing,
): Promise<void> => {
  const name = destination ?? basename(new URL(artifact.source).pathname)
  const path = safePath(task, name === '' ? artifact.sha256 : name, account)
  if (!artifacts) throw new TaskError({ code: 'not_built', message: 'This agent has no artifact store.' }, true)
  await artifacts.place(artifact, { path, mode: modeOf(mode) }, control)
  // Never through a link: another process of the same account may change its directory at any moment.
  if (account) lchownSync(path, account.uid, account.gid)
}

const placeFile = async ({ path: name, content, template, artifact, mode }: ProcessFile, placing: Placing) => {
  if (artifact) return placeArtifact({ ...artifact, destination: name, ...(mode ? { mode } : {}) }, placing)
  const { task, account, values } = placing
  const text = content ?? (await renderTemplate(name, template ?? '', values))
  const path = safePath(task, name, account)
  // A new file takes the name over: what an earlier attempt left there, a link for one, is not followed.
  const fresh = `${path}.dunlin-new`
  try {
    rmSync(fresh, { force: true })
    writeFileSync(fresh, text, { mode: modeOf(mode), flag: 'wx' })
  } catch (error) {
    const message = `The file ${name} cannot be written: ${error instanceof Error ? error.message : String(error)}`
    throw new TaskError({ code: 'file_failed', message }, false)
  }
  if (account) lchownSync(fresh, account.uid, account.gid)
  renameSync(fresh, path)
}

const modeOf = (mode: string | undefined): number => (mode === undefined ? FILE_MODE : parseInt(mode, 8))

/** Makes the folders of a path and follows them: an earlier attempt may have put a link there that leads out. */
const safePath = (task: Task, name: string, account: Account | undefined): string => {
  const local = join(task.dir, 'local')
  let folder = realpathSync(local)
  for (const part of dirname(name)
    .split('/')
    .filter((one) => one !== '.')) {
    folder = join(folder, part)
    if (mkdirSync(folder, { recursive: true }) !== undefined && account) lchownSync(folder, account.uid, account.gid)
    if (relative(realpathSync(local), realpathSync(folder)).startsWith('..'))
      throw new TaskError({ code: 'file_refused', message: `The path ${name} leads out of the local directory.` }, true)
  }
  return join(folder, basename(name))
}
