/** Runs `query` jobs, each in a Node process of its own with DuckDB, under the same shim as any process. */
import { bytesOf, queryConfigSchema } from '@dunlin/contracts/agent'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { limitsOf, limitsProblem, type LimitPolicy } from '../../cgroups/limits.ts'
import { configProblem } from '../config-problem.ts'
import type { Driver, Inspected, Task } from '../driver.ts'
import { bareEnvironment } from '../bare-environment.ts'
import { inspectProcess, launch, signalGroup, stopProcess } from '../launch.ts'
import { forgetTaskLogs, rotateTaskLogs } from '../logs.ts'
import type { PipelineEntry } from '../pipeline/entry.ts'
import { EXIT_CONFIG, readProblem } from '../pipeline/status-file.ts'
import { writeAtomically } from '../task-dir.ts'
import type { QueryOrder } from './order.ts'
import { removeResult } from './result-file.ts'

export interface QueryDriverOptions extends PipelineEntry {
  /** Folders that queries may read; none unless the node's owner names them. */
  readonly roots: readonly string[]
  readonly pathMap: QueryOrder['pathMap']
  readonly limits?: LimitPolicy
}

const DEFAULT_MEMORY = 512 * 1024 ** 2
/** What the process takes besides what DuckDB counts: a control group counts it as well. */
const PROCESS_MEMORY = 128 * 1024 ** 2
const LEAST_MEMORY = 64 * 1024 ** 2
const DEFAULT_THREADS = 2

export const queryDriver = ({ entry, nodeFlags, roots, pathMap, limits }: QueryDriverOptions): Driver => ({
  type: 'query',
  prepare: (content) =>
    configProblem(queryConfigSchema, content, 'A query job has config {sql, sources, params, limits, result}.') ??
    (limits && limitsProblem(content, limits)),
  start: async (task, { onExit }) => {
    mkdirSync(task.dir, { recursive: true, mode: 0o700 })
    removeResult(task.dir)
    writeAtomically(join(task.dir, 'query.json'), JSON.stringify(orderOf(task, roots, pathMap)))
    const env = { ...bareEnvironment(task.dir), DUNLIN_JOB: task.job.name }
    const args = [...nodeFlags, entry, task.dir]
    const cwd = join(task.dir, 'local')
    await launch(task, { command: process.execPath, args, env, cwd, cgroups: limits?.cgroups }, onExit)
  },
  inspect,
  signal: signalGroup,
  stop: async (task, { graceMs }) => {
    await stopProcess(task, graceMs)
    forgetTaskLogs(task.dir)
  },
  stats: () => undefined,
  rotateLogs: ({ dir }) => rotateTaskLogs(dir),
})

const orderOf = ({ attempt, content }: Task, roots: readonly string[], pathMap: QueryOrder['pathMap']): QueryOrder => {
  const config = queryConfigSchema.parse(content.config)
  const { limits = {} } = config
  const { memory, cpus } = limitsOf(content)
  const given = limits.memory === undefined ? undefined : bytesOf(limits.memory)
  return {
    attempt,
    config,
    roots,
    pathMap,
    memoryBytes: given ?? (memory === undefined ? DEFAULT_MEMORY : Math.max(LEAST_MEMORY, memory - PROCESS_MEMORY)),
    threads: limits.threads ?? (cpus === undefined ? DEFAULT_THREADS : Math.ceil(cpus)),
  }
}

const inspect = (task: Task): Inspected => {
  const inspected = inspectProcess(task)
  if (inspected.is !== 'exited' || inspected.code === 0) return inspected
  const error = readProblem(task.dir)
  return { ...inspected, ...(error ? { error } : {}), permanent: inspected.code === EXIT_CONFIG }
}
