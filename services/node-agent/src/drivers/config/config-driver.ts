/** Runs `config` jobs: inside the agent, without a process, for a set of files is a state and not an activity. */
import { configConfigSchema, type Content } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { configProblem } from '../config-problem.ts'
import { TaskError, type Driver, type Task } from '../driver.ts'
import { rotateTaskLogs } from '../logs.ts'
import { apply, restoreOriginals, settle, type Owner } from './apply.ts'
import { realPlace, refuseWithoutRoots, type ConfigPlaces } from './places.ts'
import { dropApplied, readApplied, readIntent } from './records.ts'
import { stage } from './stage.ts'
import { startWatch, type Watch } from './watch.ts'

export interface ConfigDriverOptions {
  readonly artifacts: Artifacts
  readonly places: ConfigPlaces
  /** How long the start of an agent may wait for readers of what it puts back. */
  readonly recoverMs?: number
}

const RECOVER_MS = 10_000

export const configDriver = ({ artifacts, places, recoverMs = RECOVER_MS }: ConfigDriverOptions): Driver => {
  const watches = new Map<string, Watch>()
  const starting = new Set<string>()
  /** Paths by the execution that has them: two jobs must not correct each other for ever. */
  const taken = new Map<string, { readonly execution: string; readonly job: string }>()

  const take = async (task: Task, paths: readonly string[]): Promise<void> => {
    for (const path of paths) {
      const by = taken.get(path)
      if (by === undefined || by.execution === task.execution) continue
      throw new TaskError({ code: 'path_taken', message: `${path} belongs to the job ${by.job} on this node.` }, false)
    }
    release(task)
    const job = `${task.job.namespace}/${task.job.name}`
    for (const path of paths) taken.set(path, { execution: task.execution, job })
  }
  const release = ({ execution }: Task): void => {
    for (const [path, by] of taken) if (by.execution === execution) taken.delete(path)
  }

  /** What an earlier agent put in place is looked after again. */
  const adopt = (task: Task): Watch | undefined => {
    const applied = readApplied(task.dir)
    if (applied?.attempt !== task.attempt) return undefined
    const config = configConfigSchema.safeParse(task.content.config).data
    // What no agent can read cannot be looked after either; a later agent refuses the content by `prepare`.
    if (config === undefined) return undefined
    for (const { path } of applied.files)
      taken.set(path, { execution: task.execution, job: `${task.job.namespace}/${task.job.name}` })
    const watch = startWatch(task, config, places, applied)
    watches.set(task.execution, watch)
    return watch
  }

  return {
    type: 'config',
    recover: async () => {
      // What cannot be put back now is tried again by the next attempt; the agent must come up all the same.
      const patience = AbortSignal.timeout(recoverMs)
      for (const owner of unsettled(places.dataDir)) await settle(owner, patience).catch(() => {})
    },
    prepare: (content) => problemOf(content) ?? refuseWithoutRoots(places),
    start: async (task, { signal, onProgress }) => {
      starting.add(task.execution)
      try {
        const config = configConfigSchema.parse(task.content.config)
        await watches.get(task.execution)?.stop()
        watches.delete(task.execution)
        await settle(task)
        await take(task, await Promise.all(config.files.map(({ path }) => realPlace(path, places))))
        await apply(task, config, await stage(task, config, { artifacts, places }, { signal, onProgress }), signal)
        adopt(task)
      } catch (error) {
        release(task)
        throw error
      } finally {
        starting.delete(task.execution)
      }
    },
    inspect: (task) => {
      if (starting.has(task.execution)) return { is: 'starting' }
      const watch = watches.get(task.execution) ?? adopt(task)
      if (watch === undefined) return { is: 'absent' }
      const degraded = watch.problem()
      return { is: 'running', ...(degraded && { degraded }) }
    },
    signal: () => false,
    stop: async (task) => {
      await watches.get(task.execution)?.stop()
      watches.delete(task.execution)
      release(task)
      dropApplied(task.dir)
    },
    removed: async (task) => {
      const config = configConfigSchema.safeParse(task.content.config)
      if (config.success && config.data.on_remove === 'restore') await restoreOriginals(task, config.data)
    },
    stats: () => undefined,
    rotateLogs: ({ dir }) => rotateTaskLogs(dir),
  }
}

const problemOf = (content: Content): ContentProblem | undefined =>
  configProblem(
    configConfigSchema,
    content,
    'A config job has config {files: [{path, content | artifact, mode, owner, group}], validate, reload, ...}.',
  )

/** Tasks in whose directory a change was begun and not ended. */
const unsettled = (dataDir: string): Owner[] => {
  const root = join(dataDir, 'tasks')
  if (!existsSync(root)) return []
  return readdirSync(root).flatMap((name) => {
    const dir = join(root, name)
    const intent = readIntent(dir)
    return intent === undefined ? [] : [{ dir, execution: name as Task['execution'], job: intent.job }]
  })
}
