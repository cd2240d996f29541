/**
 * A command that the agent runs in passing (validate, reload, check): bounded in time, its whole group killed when it takes
 * too long, its output in the task's log. Not a task: it does not outlive the agent's interest in it.
 */
import { millisOf, type OwnCommand } from '@dunlin/contracts/agent'
import { spawn } from 'node:child_process'
import { closeSync, fstatSync, mkdirSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import type { Task } from './driver.ts'
import { bareEnvironment } from './bare-environment.ts'
import { TaskError } from './driver.ts'
import { DEFAULT_PATH, findCommand } from './process/find-command.ts'

const DEFAULT_TIMEOUT_MS = 30_000
/** Of the output, in an error that goes to the log. */
const MOST_OUTPUT_BYTES = 600

export interface OwnCommandOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/** Undefined when it ended with 0, otherwise why not. Throws a permanent `TaskError` when there is no such program. */
export const runOwnCommand = async (
  task: Pick<Task, 'dir' | 'execution' | 'job'>,
  { command, args = [], timeout }: OwnCommand,
  { env = {}, signal }: OwnCommandOptions,
): Promise<string | undefined> => {
  signal.throwIfAborted()
  const cwd = join(task.dir, 'local')
  for (const part of ['local', 'logs', 'tmp']) mkdirSync(join(task.dir, part), { recursive: true, mode: 0o700 })
  const found = findCommand(command, { cwd, path: DEFAULT_PATH })
  if ('problem' in found) throw new TaskError(found.problem, true)
  const log = openSync(join(task.dir, 'logs', 'stdout'), 'a+', 0o600)
  try {
    const before = fstatSync(log).size
    const timeoutMs = timeout === undefined ? DEFAULT_TIMEOUT_MS : millisOf(timeout)
    const child = spawn(found.path, [...args], {
      cwd,
      env: {
        ...bareEnvironment(task.dir),
        HOME: cwd,
        DUNLIN_NAMESPACE: task.job.namespace,
        DUNLIN_JOB: task.job.name,
        DUNLIN_EXECUTION: task.execution,
        ...env,
      },
      // A group of its own, so that what it has started ends with it.
      detached: true,
      stdio: ['ignore', log, log],
    })
    const why = await ended(child, timeoutMs, signal)
    signal.throwIfAborted()
    if (why === undefined) return undefined
    const said = excerptOf(log, before)
    return `${command} ${why}${said === '' ? '' : `: ${said}`}`
  } finally {
    closeSync(log)
  }
}

const ended = (child: ReturnType<typeof spawn>, timeoutMs: number, signal: AbortSignal): Promise<string | undefined> =>
  new Promise((resolve) => {
    const kill = (): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
      } catch {
        // Gone in the meantime.
      }
    }
    let late = false
    const timer = setTimeout(() => {
      late = true
      kill()
    }, timeoutMs)
    signal.addEventListener('abort', kill, { once: true })
    const settle = (why: string | undefined): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', kill)
      resolve(why)
    }
    child.once('error', (error) => settle(`could not be started (${error.message})`))
    child.once('exit', (code, by) => {
      if (late) return settle(`took longer than ${timeoutMs} ms and was killed`)
      settle(code === 0 ? undefined : by === null ? `ended with exit code ${code}` : `was ended by ${by}`)
    })
  })

/** The first and the last of what was written: where the cause stands, nobody knows. A rotation may have taken some. */
const excerptOf = (file: number, before: number): string => {
  const { size } = fstatSync(file)
  const from = before > size ? 0 : before
  const part = (at: number, length: number): string => {
    const bytes = Buffer.alloc(length)
    readSync(file, bytes, 0, length, at)
    return bytes.toString('utf8').trim()
  }
  const half = MOST_OUTPUT_BYTES / 2
  if (size - from <= MOST_OUTPUT_BYTES) return part(from, size - from)
  return `${part(from, half)} [...] ${part(size - half, half)}`
}
