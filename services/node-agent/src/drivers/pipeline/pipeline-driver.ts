/** Runs `pipeline` jobs, each in a Node process of its own under the same shim as any process. */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { limitsProblem, type LimitPolicy } from '../../cgroups/limits.ts'
import { SECRET_NAMES } from '../../secrets/redact.ts'
import { TaskError, type Driver, type Inspected, type Task } from '../driver.ts'
import { bareEnvironment } from '../bare-environment.ts'
import { inspectProcess, launch, signalGroup, stopProcess } from '../launch.ts'
import { forgetTaskLogs, rotateTaskLogs } from '../logs.ts'
import { writeAtomically } from '../task-dir.ts'
import type { PipelineEntry } from './entry.ts'
import type { PipelineOrder } from './order.ts'
import { EXIT_CONFIG, readProblem, readStatus } from './status-file.ts'

export interface PipelineDriverOptions extends PipelineEntry {
  readonly pathMap: PipelineOrder['pathMap']
  readonly limits?: LimitPolicy
}

/** How long a pipeline may take to read its config and show its first status. */
const SHOW_STATUS_WITHIN_MS = 30_000

export const pipelineDriver = ({ entry, nodeFlags, pathMap, limits }: PipelineDriverOptions): Driver => ({
  type: 'pipeline',
  // The whole check needs the pipeline language, which only the pipeline's own process loads; apply has checked it before.
  prepare: (content) =>
    typeof content.config['input'] === 'object' && content.config['input'] !== null
      ? limits && limitsProblem(content, limits)
      : { code: 'invalid_config', message: 'config.input is missing.', hint: 'A pipeline has an input and an output.' },
  start: async (task, { onExit, secrets }) => {
    mkdirSync(task.stateDir, { recursive: true, mode: 0o700 })
    mkdirSync(task.dir, { recursive: true, mode: 0o700 })
    const { attempt, stateDir } = task
    const order: PipelineOrder = { attempt, config: task.content.config, stateDir, pathMap }
    writeAtomically(join(task.dir, 'pipeline.json'), JSON.stringify(order))
    const env = {
      ...bareEnvironment(task.dir),
      DUNLIN_JOB: task.job.name,
      ...secrets,
      ...(secrets ? { [SECRET_NAMES]: Object.keys(secrets).join(',') } : {}),
    }
    const args = [...nodeFlags, entry, task.dir]
    const cwd = join(task.dir, 'local')
    await launch(task, { command: process.execPath, args, env, cwd, cgroups: limits?.cgroups }, onExit)
    await firstStatus(task)
  },
  inspect,
  signal: signalGroup,
  stop: async (task, { graceMs }) => {
    await stopProcess(task, graceMs)
    forgetTaskLogs(task.dir)
  },
  stats: ({ dir }) => readStatus(dir),
  rotateLogs: ({ dir }) => rotateTaskLogs(dir),
})

/** A pipeline runs when it has read its config and opened its first file, not when Node has started. */
const firstStatus = async (task: Task): Promise<void> => {
  const deadline = performance.now() + SHOW_STATUS_WITHIN_MS
  while (readStatus(task.dir)?.attempt !== task.attempt) {
    const inspected = inspect(task)
    if (inspected.is === 'exited' && inspected.error) throw new TaskError(inspected.error, inspected.permanent ?? false)
    if (inspected.is !== 'running' && inspected.is !== 'starting') return
    if (performance.now() > deadline) {
      await stopProcess(task, 0)
      const message = `The pipeline showed no sign of life within ${SHOW_STATUS_WITHIN_MS} ms.`
      throw new TaskError({ code: 'not_started', message }, false)
    }
    await delay(20)
  }
}

const inspect = (task: Task): Inspected => {
  const inspected = inspectProcess(task)
  if (inspected.is !== 'exited' || inspected.code === 0) return inspected
  const error = readProblem(task.dir)
  return { ...inspected, ...(error ? { error } : {}), permanent: inspected.code === EXIT_CONFIG }
}
