/** Runs `process` jobs: one command under a shim, with an environment made from scratch. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { processConfigSchema, type Content, type ProcessConfig } from '@dunlin/contracts/agent'
import { TaskError, type Driver, type Task } from '../driver.ts'
import { inspectProcess, launch, signalGroup, stopProcess } from '../launch.ts'
import { rotateTaskLogs } from '../logs.ts'
import { DEFAULT_PATH, findCommand } from './find-command.ts'

export const processDriver = (): Driver => ({
  type: 'process',
  prepare: ({ config }: Content) => {
    const parsed = processConfigSchema.safeParse(config)
    if (parsed.success) return undefined
    const [issue] = parsed.error.issues
    return {
      code: 'invalid_config',
      message: `config.${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`,
      hint: 'A process job has config {command, args, env, cwd}.',
    }
  },
  start: async (task, { onExit }) => {
    const config = processConfigSchema.parse(task.content.config)
    const env = environmentOf(task, config)
    const cwd = config.cwd ?? join(task.dir, 'local')
    if (config.cwd !== undefined && !isFolder(cwd))
      throw new TaskError({ code: 'unknown_cwd', message: `The working directory ${cwd} is not there.` }, true)
    const found = findCommand(config.command, { cwd, path: env['PATH'] ?? DEFAULT_PATH })
    if ('problem' in found) throw new TaskError(found.problem, true)
    await launch(task, { command: found.path, args: config.args ?? [], env, cwd }, onExit)
  },
  inspect: inspectProcess,
  signal: signalGroup,
  stop: (task, { graceMs }) => stopProcess(task, graceMs),
  stats: () => undefined,
  rotateLogs: ({ dir }) => rotateTaskLogs(dir),
})

const environmentOf = (task: Task, config: ProcessConfig): Record<string, string> => ({
  PATH: DEFAULT_PATH,
  HOME: join(task.dir, 'local'),
  TMPDIR: join(task.dir, 'tmp'),
  LANG: 'C.UTF-8',
  DUNLIN_NAMESPACE: task.job.namespace,
  DUNLIN_JOB: task.job.name,
  DUNLIN_EXECUTION: task.execution,
  DUNLIN_ATTEMPT: String(task.attempt),
  DUNLIN_STATE_DIR: task.stateDir,
  ...config.env,
})

const isFolder = (path: string): boolean => {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}
