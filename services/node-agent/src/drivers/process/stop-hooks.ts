/** The hooks around an end. They cannot keep an attempt from ending: what fails in them stands in the log of the task. */
import type { ProcessConfig } from '@dunlin/contracts/agent'
import { appendFileSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from '../driver.ts'
import { inspectProcess } from '../inspect-process.ts'
import { claimedAt, readText, writeAtomically } from '../task-dir.ts'
import { accountOf } from './account.ts'
import { becoming } from './become.ts'
import { environmentOf, runningEnvironment } from './environment.ts'
import { runHooks, type HookKind } from './hooks.ts'

/** Before the stop signal, while the command runs. Once more when the agent was killed meanwhile. */
export const preStop = async (task: Task, config: ProcessConfig, node: string): Promise<void> => {
  if (config.pre_stop === undefined || inspectProcess(task).is !== 'running') return
  await run('pre_stop', task, config, runningEnvironment(task, config, node))
}

/** After the end of an attempt that was started, once; secrets are gone by then. */
export const postStop = async (task: Task, config: ProcessConfig, node: string): Promise<void> => {
  if (config.post_stop === undefined || claimedAt(task.dir, task.attempt) === undefined) return
  const done = join(task.dir, 'post-stop')
  if (readText(done)?.trim() === String(task.attempt)) return
  await run('post_stop', task, config, environmentOf(task, config, node))
  writeAtomically(done, `${task.attempt}\n`)
}

const run = async (
  kind: HookKind,
  task: Task,
  config: ProcessConfig,
  env: Readonly<Record<string, string>>,
): Promise<void> => {
  try {
    const account = accountOf(config)
    const become = account ? await becoming(undefined, account) : []
    const cwd = config.cwd !== undefined && existsSync(config.cwd) ? config.cwd : join(task.dir, 'local')
    await runHooks(kind, config[kind], { task, env, cwd, become })
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    try {
      appendFileSync(join(task.dir, 'logs', 'stderr'), `dunlin: ${text}\n`)
    } catch {
      // A full disk must not keep the attempt from ending.
    }
  }
}
