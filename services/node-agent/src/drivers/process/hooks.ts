/** Runs the hooks of a process job; what they write goes to its logs. */
import { DEFAULT_HOOK_TIMEOUT_MS, millisOf, type Hook } from '@dunlin/contracts/agent'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { readTaskGroup } from '../../cgroups/task-group.ts'
import { TaskError, type Task } from '../driver.ts'
import { runCommand } from '../run-command.ts'
import { DEFAULT_PATH, findCommand } from './find-command.ts'

export interface HookSurroundings {
  readonly task: Task
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** The words that make the command run as the job's user. */
  readonly become: readonly string[]
  readonly signal?: AbortSignal
}

export type HookKind = 'pre_start' | 'pre_stop' | 'post_stop'

/** One after the other. Throws `TaskError` at the first that fails: unknown commands for good, the rest for this attempt. */
export const runHooks = async (
  kind: HookKind,
  hooks: readonly Hook[] | undefined,
  { task, env, cwd, become, signal }: HookSurroundings,
): Promise<void> => {
  for (const [index, { command, args = [], timeout }] of (hooks ?? []).entries()) {
    const found = findCommand(command, { cwd, path: env['PATH'] ?? DEFAULT_PATH })
    if ('problem' in found) throw new TaskError(found.problem, true)
    const group = readTaskGroup(task.dir)
    const { code, output } = await runCommand({
      command: [...become, found.path, ...args],
      env,
      cwd,
      // The groups of an attempt that is over are gone.
      join: group?.attempt === task.attempt && kind === 'pre_stop' ? group.join : [],
      timeoutMs: timeout === undefined ? DEFAULT_HOOK_TIMEOUT_MS : millisOf(timeout),
      ...(signal ? { signal } : {}),
      onOutput: (chunk) => appendToLog(task.dir, chunk),
    })
    if (code === 0) continue
    signal?.throwIfAborted()
    // What it wrote stays in the log of the task: it may name what nobody else shall read.
    const how = code === null ? output : `exit code ${code}`
    const message = `The hook ${kind}[${index}] (${command}) failed: ${how}.`
    throw new TaskError({ code: 'hook_failed', message, hint: 'What it wrote stands in the log of the task.' }, false)
  }
}

const appendToLog = (dir: string, chunk: Buffer): void => {
  try {
    appendFileSync(join(dir, 'logs', 'stderr'), chunk)
  } catch {
    // A full disk must not end the hook.
  }
}
