/** Brings everything that a config wants together on this node, before anything that is in use is touched. */
import type { ConfigConfig } from '@dunlin/contracts/agent'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { TaskError, type StartControl, type Task } from '../driver.ts'
import { runOwnCommand } from '../own-command.ts'
import { attributesAt, digestOf } from './found.ts'
import { realPlace, type ConfigPlaces } from './places.ts'
import { idsOf } from './principals.ts'
import { stagedDir, type AppliedFile } from './records.ts'

/** A wanted file: `path` is where it goes, links of its folders followed; `staged` is its content. */
export interface Wanted extends AppliedFile {
  readonly staged: string
}

export const stage = async (
  task: Task,
  config: ConfigConfig,
  { artifacts, places }: { readonly artifacts: Artifacts; readonly places: ConfigPlaces },
  { signal, onProgress }: Pick<StartControl, 'signal' | 'onProgress'>,
): Promise<Wanted[]> => {
  const folder = stagedDir(task.dir)
  rmSync(folder, { recursive: true, force: true })
  const wanted: Wanted[] = []
  for (const file of config.files) {
    const path = await realPlace(file.path, places)
    if (wanted.some((one) => one.path === path))
      throw new TaskError({ code: 'invalid_config', message: `Two of the files lead to ${path}.` }, true)
    const staged = join(folder, file.path)
    mkdirSync(dirname(staged), { recursive: true, mode: 0o700 })
    if (file.artifact) await artifacts.place(file.artifact, { path: staged, mode: 0o600 }, { signal, onProgress })
    else writeFileSync(staged, file.content ?? '', { mode: 0o600 })
    const there = await attributesAt(path)
    const asked = idsOf(file)
    wanted.push({
      path,
      staged,
      sha256: await digestOf(staged),
      mode: file.mode === undefined ? (there?.mode ?? 0o644) : Number.parseInt(file.mode, 8),
      uid: asked.uid ?? kept(there?.uid, process.getuid?.() ?? 0),
      gid: asked.gid ?? kept(there?.gid, process.getgid?.() ?? 0),
    })
  }
  if (config.validate) {
    const why = await runOwnCommand(task, config.validate, { signal, env: { DUNLIN_STAGED: folder } })
    if (why !== undefined)
      throw new TaskError({ code: 'validation_failed', message: `Nothing was changed: ${why}` }, true)
  }
  return wanted
}

/** Only root can give a file to somebody else; for anybody else it becomes their own unless the config says otherwise. */
const kept = (there: number | undefined, own: number): number => (process.getuid?.() === 0 ? (there ?? own) : own)
