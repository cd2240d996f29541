/** Runs `process` jobs: one command under a shim, with an environment made from scratch. */
import { millisOf, processConfigSchema, type ProcessConfig } from '@dunlin/contracts/agent'
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { noCgroups } from '../../cgroups/backend.ts'
import { limitsProblem, type LimitPolicy } from '../../cgroups/limits.ts'
import { readTaskGroup } from '../../cgroups/task-group.ts'
import type { TemplateValue } from '../../templates/render.ts'
import { configProblem } from '../config-problem.ts'
import { TaskError, type Driver, type Task } from '../driver.ts'
import { inspectProcess, launch, signalGroup, stopProcess, sweepTaskDir } from '../launch.ts'
import { forgetTaskLogs, rotateTaskLogs } from '../logs.ts'
import { prepareTaskDir } from '../task-dir.ts'
import { runCommand } from '../run-command.ts'
import { accountOf, giveFolders } from './account.ts'
import { becoming } from './become.ts'
import { environmentOf, runningEnvironment } from './environment.ts'
import { placeFiles } from './files.ts'
import { DEFAULT_PATH, findCommand } from './find-command.ts'
import { runHooks } from './hooks.ts'
import { postStop, preStop } from './stop-hooks.ts'

export interface ProcessDriverOptions {
  readonly node?: { readonly id: string; readonly labels: Readonly<Record<string, string>> }
  readonly limits?: LimitPolicy
  readonly artifacts?: Artifacts
}

const NO_LIMITS: LimitPolicy = { cgroups: noCgroups('The agent was started without them.'), advisory: false }

export const processDriver = (options: ProcessDriverOptions = {}): Driver => {
  const { node = { id: '', labels: {} }, limits = NO_LIMITS, artifacts } = options

  const start: Driver['start'] = async (task, control) => {
    const config = processConfigSchema.parse(task.content.config)
    const account = accountOf(config)
    prepareTaskDir(task.dir, task.attempt)
    mkdirSync(task.stateDir, { recursive: true, mode: 0o700 })
    if (account) giveFolders(task.dir, task.stateDir, account)
    const become = config.rlimits || account ? await becoming(config.rlimits, account) : []
    const { secrets = {}, onExit, signal } = control
    const env = environmentOf(task, config, node.id, secrets)
    await placeFiles(config, { task, control, artifacts, account, values: templateValues(task, config, secrets) })
    const cwd = cwdOf(task, config)
    // An agent that was killed may have left hooks of this attempt behind.
    if (config.pre_start) await sweepTaskDir(task.dir)
    await runHooks('pre_start', config.pre_start, { task, env, cwd, become, signal })
    const found = findCommand(config.command, { cwd, path: env['PATH'] ?? DEFAULT_PATH })
    if ('problem' in found) throw new TaskError(found.problem, true)
    const [command = '', ...args] = [...become, found.path, ...(config.args ?? [])]
    const { umask } = config
    await launch(task, { command, args, env, cwd, prepared: true, umask, cgroups: limits.cgroups }, onExit)
  }

  const templateValues = (
    task: Task,
    { env = {} }: ProcessConfig,
    secrets: Readonly<Record<string, string>>,
  ): Readonly<Record<string, TemplateValue>> => ({
    node,
    job: task.job,
    execution: task.execution,
    attempt: task.attempt,
    env,
    secrets,
  })

  return {
    type: 'process',
    prepare: (content) =>
      configProblem(processConfigSchema, content, 'See docs/jobs/process.md for what a process job may say.') ??
      limitsProblem(content, limits),
    start,
    inspect: inspectProcess,
    signal: signalGroup,
    stop: async (task, { graceMs }) => {
      const config = configOf(task)
      const asks = graceMs > 0
      if (asks) await preStop(task, config, node.id)
      const ownMs = config.stop_grace === undefined ? graceMs : millisOf(config.stop_grace)
      await stopProcess(task, asks ? ownMs : 0, config.stop_signal)
      await postStop(task, config, node.id)
      forgetTaskLogs(task.dir)
    },
    stats: () => undefined,
    exec: async (task, command, { timeoutMs, signal }) => {
      const config = configOf(task)
      const account = accountOf(config)
      const group = readTaskGroup(task.dir)
      return runCommand({
        command: [...(account ? await becoming(undefined, account) : []), ...command],
        env: runningEnvironment(task, config, node.id),
        cwd: cwdOf(task, config),
        join: group?.attempt === task.attempt ? group.join : [],
        timeoutMs,
        signal,
      })
    },
    rotateLogs: (task) => rotateTaskLogs(task.dir, configOf(task).logs),
  }
}

/** A content that a later agent cannot read any more still names a task that must be ended. */
const configOf = ({ content }: Task): ProcessConfig => {
  const known = configs.get(content)
  if (known) return known
  const parsed = processConfigSchema.safeParse(content.config)
  const config: ProcessConfig = parsed.success ? parsed.data : { command: '-' }
  configs.set(content, config)
  return config
}

/** Parsed once for as long as somebody holds the content: the bounds of its logs are asked for at every look. */
const configs = new WeakMap<Task['content'], ProcessConfig>()

const cwdOf = (task: Task, { cwd }: ProcessConfig): string => {
  if (cwd !== undefined && !isFolder(cwd))
    throw new TaskError({ code: 'unknown_cwd', message: `The working directory ${cwd} is not there.` }, true)
  return cwd ?? join(task.dir, 'local')
}

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
