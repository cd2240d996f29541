/** Runs `container` jobs with the node's Docker or Podman. What must not be lost lies with the engine and in the task's directory. */
import { containerConfigSchema, millisOf, secretsContentSchema, type Content } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import { sha256, type Logger } from '@dunlin/runtime/agent'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { limitsOf } from '../../cgroups/limits.ts'
import type { Driver, Inspected, Task } from '../driver.ts'
import { configProblem } from '../config-problem.ts'
import { rotateTaskLogs } from '../logs.ts'
import { namesIn } from '../task-dir.ts'
import type { Engine, EngineFacts } from './engine.ts'
import { exitOf, inspectedOf } from './exits.ts'
import type { Owner } from './labels.ts'
import { followLogs, type LogFollower } from './log-follower.ts'
import { createOrphans, neededContainers } from './orphans.ts'
import { runInContainer } from './run-in-container.ts'
import { startContainer } from './start.ts'
import { readContainerFile, writeContainerFile, type ContainerFile } from './task-file.ts'
import { createWatch, type Watched } from './watch.ts'

export interface ContainerDriverOptions {
  readonly engine: Engine
  readonly engineText: string
  readonly node: string
  readonly dataDir: string
  readonly allowedVolumes: readonly string[]
  readonly advisoryLimits: boolean
  readonly logger: Logger
}

/** How long a killed container may take to vanish. */
const VANISH_WITHIN_MS = 15_000
const RETRY_MS = 1_000
/** An engine that is slow to answer must not keep the agent from its other tasks. */
const RECOVER_MS = 5_000
const LOOK_MS = 50

type TaskFiles = Pick<Task, 'dir' | 'attempt'>

export const containerDriver = (options: ContainerDriverOptions): Driver => {
  const { engine, dataDir, logger } = options
  const owner = ownerOf(options)
  let known: EngineFacts | undefined
  /** Directories of starts under way. */
  const starting = new Set<string>()
  const followers = new Map<string, LogFollower>()
  /** Ids that this process has ended: their signal 9 needs no other explanation. */
  const ended = new Set<string>()
  /** By directory: what container.json holds, so that looking costs no file. */
  const files = new Map<string, ContainerFile>()
  const orphans = createOrphans()

  const watch = createWatch({
    engine,
    owner,
    logger,
    onList: async (listed) => {
      const needed = neededContainers(dataDir)
      const due = orphans.due(listed, ({ id }) => starting.size > 0 || needed.has(id), performance.now())
      for (const { id, labels } of due) {
        logger.warn('removing a container that no task knows', { container: id, labels })
        await engine.remove(id)
      }
    },
  })

  const fileOf = ({ dir, attempt }: TaskFiles): ContainerFile | undefined => {
    const held = files.get(dir)
    if (held?.attempt === attempt) return held
    const file = readContainerFile(dir)
    if (file?.attempt !== attempt) return undefined
    files.set(dir, file)
    return file
  }

  const keep = (dir: string, file: ContainerFile): ContainerFile => {
    writeContainerFile(dir, file)
    files.set(dir, file)
    return file
  }

  /** Notes an end as soon as it is known: after that the container is not needed for it any more. */
  const noted = (dir: string, file: ContainerFile, state: Watched | undefined): ContainerFile => {
    if (file.exit !== undefined || (state?.is !== 'exited' && state?.is !== 'gone')) return file
    const exit =
      state.is === 'gone'
        ? { code: null, oom: false, at: Date.now() }
        : exitOf(state, { memory: file.memory, killedByUs: ended.has(file.id) })
    const over = { ...file, exit }
    // A full disk must not hide the end: it is known here, and the engine keeps the container until it is stopped.
    files.set(dir, over)
    try {
      return keep(dir, over)
    } catch (error) {
      logger.warn('the end of a container could not be written down', { container: file.id, reason: String(error) })
      return over
    }
  }

  const inspect = (task: TaskFiles): Inspected => {
    if (starting.has(task.dir)) return { is: 'starting' }
    const held = fileOf(task)
    if (!held?.started) return { is: 'absent' }
    const { exit } = noted(task.dir, held, watch.stateOf(held.id))
    // An engine that does not answer says nothing of what it runs: it runs until somebody has seen its end.
    return exit === undefined ? { is: 'running' } : inspectedOf(exit)
  }

  const attend = (dir: string, id: string, onEnd: () => void): void => {
    watch.add(id, onEnd)
    if (!followers.has(id)) followers.set(id, followLogs({ engine, id, dir, logger }))
  }

  /** Asks until the engine has answered: a stop that nobody heard is none. */
  const insist = async <T>(what: string, ask: () => Promise<T>): Promise<T> => {
    for (;;)
      try {
        return await ask()
      } catch (error) {
        logger.warn('the container engine does not do what it is asked; asking again', { what, reason: String(error) })
        await delay(RETRY_MS, undefined, { ref: false })
      }
  }

  const end = async (id: string, signal: NodeJS.Signals, withinMs: number): Promise<boolean> => {
    const deadline = performance.now() + withinMs
    ended.add(id)
    await insist('signal', () => engine.signal(id, signal))
    for (;;) {
      const state = await insist('look', () => watch.look(id))
      if (state.is !== 'running') return true
      if (performance.now() > deadline) return false
      await delay(LOOK_MS)
    }
  }

  return {
    type: 'container',
    recover: async () => {
      const looks = taskDirs(dataDir).flatMap((dir) => {
        const file = readContainerFile(dir)
        if (!file?.started || file.exit !== undefined) return []
        files.set(dir, file)
        attend(dir, file.id, () => {})
        return [watch.look(file.id)]
      })
      const asked = Promise.allSettled(looks)
      // What the engine has not said by then it says later; until then it runs.
      await Promise.race([asked, delay(RECOVER_MS, undefined, { ref: false })])
    },
    prepare,
    start: async (task, control) => {
      starting.add(task.dir)
      files.delete(task.dir)
      try {
        const facts = async (): Promise<EngineFacts> => (known ??= await engine.facts())
        const id = await startContainer(task, { ...options, owner, facts }, control)
        attend(task.dir, id, control.onExit)
        await watch.look(id).catch(() => undefined)
      } finally {
        starting.delete(task.dir)
      }
    },
    inspect,
    signal: (task, signal) => {
      const file = fileOf(task)
      if (!file || inspect(task).is !== 'running') return false
      void engine
        .signal(file.id, signal)
        .catch((error: unknown) =>
          logger.warn('a signal did not reach its container', { container: file.id, signal, reason: String(error) }),
        )
      return true
    },
    stop: async (task, { graceMs }) => {
      const file = fileOf(task)
      if (!file) return
      const { id } = file
      // A content that a later agent cannot read any more still names a container that must be ended.
      const config = containerConfigSchema.safeParse(task.content.config).data
      const { stop_signal: stopSignal = 'SIGTERM', stop_grace: stopGrace } = config ?? {}
      const grace = graceMs === 0 || stopGrace === undefined ? graceMs : millisOf(stopGrace)
      if (file.exit === undefined) {
        const state = await insist('look', () => watch.look(id))
        const over = state.is !== 'running' || (grace > 0 && (await end(id, stopSignal, grace)))
        if (!over && !(await end(id, 'SIGKILL', VANISH_WITHIN_MS)))
          logger.error('a container was killed and does not end', { container: id, job: task.job })
        noted(task.dir, file, watch.stateOf(id))
      }
      await followers.get(id)?.finish()
      followers.delete(id)
      await insist('remove', () => engine.remove(id))
      watch.remove(id)
      ended.delete(id)
    },
    stats: () => undefined,
    exec: async (task, command, control) => {
      const file = fileOf(task)
      if (!file || inspect(task).is !== 'running') return { code: null, output: 'the container does not run' }
      return runInContainer(engine, file.id, command, control)
    },
    rotateLogs: ({ dir, content }) => {
      const parsed = containerConfigSchema.safeParse(content.config)
      return rotateTaskLogs(dir, parsed.success ? parsed.data.logs : {})
    },
  }
}

/** Exported for whoever looks for its containers. */
export const ownerOf = ({ node, dataDir }: Pick<ContainerDriverOptions, 'node' | 'dataDir'>): Owner => ({
  node,
  data: sha256(resolve(dataDir)).slice(0, 16),
})

const prepare = (content: Content): ContentProblem | undefined => {
  const problem = configProblem(
    containerConfigSchema,
    content,
    'A container job has config {image, command, args, env, network, ports, volumes, ...}.',
  )
  if (problem) return problem
  const { registry } = containerConfigSchema.parse(content.config)
  const secrets = Object.keys(secretsContentSchema.safeParse(content.secrets ?? {}).data ?? {})
  const missing = [registry?.username_secret, registry?.password_secret].find(
    (name) => name !== undefined && !secrets.includes(name),
  )
  if (missing !== undefined)
    return { code: 'invalid_config', message: `config.registry names ${missing}, which is no entry of secrets.` }
  if (limitsOf(content).disk !== undefined)
    return {
      code: 'limits_unsupported',
      message: 'resources.disk: what a container writes cannot be limited by every engine, so it is not taken.',
      hint: 'Take it out; read_only and tmpfs with a size bound what a container writes.',
    }
  return undefined
}

const taskDirs = (dataDir: string): string[] => {
  const root = join(dataDir, 'tasks')
  return namesIn(root).map((name) => join(root, name))
}
