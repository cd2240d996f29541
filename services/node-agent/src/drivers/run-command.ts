/**
 * Runs a short command beside an attempt, in its control group and with a limit of time: hooks and probes. It carries the
 * task's mark like everything of the task, so that it cannot outlive the attempt unseen.
 */
import { spawn } from 'node:child_process'
import type { CommandResult } from './driver.ts'

export interface BesideCommand {
  /** Program and arguments; the program absolute, or found on the PATH of `env`. */
  readonly command: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string
  /** Control groups to join. */
  readonly join?: readonly string[]
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Gets everything that is written; what is handed back is cut. */
  readonly onOutput?: (chunk: Buffer) => void
}

const MOST_OUTPUT_CHARS = 2_000
const DRAIN_MS = 200

/** Joins the groups that are named before `--`, then becomes the command. */
const JOIN = `while [ "$1" != -- ]; do echo 0 > "$1/cgroup.procs" || exit 126; shift; done; shift; exec "$@"`

export const runCommand = (what: BesideCommand): Promise<CommandResult> =>
  new Promise((resolve) => {
    const { command, env, cwd, join: groups = [], timeoutMs, signal, onOutput } = what
    let output = ''
    let ended = false
    // A group of its own: whatever it starts is killed with it.
    const child = spawn('/bin/sh', ['-c', JOIN, 'dunlin-beside', ...groups, '--', ...command], {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env,
      cwd,
    })
    const finish = (code: number | null, message?: string): void => {
      if (ended) return
      ended = true
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
      killGroup(child.pid)
      child.stdout.destroy()
      child.stderr.destroy()
      resolve({ code, output: (message ?? output).slice(0, MOST_OUTPUT_CHARS) })
    }
    const take = (chunk: Buffer): void => {
      if (output.length < MOST_OUTPUT_CHARS) output += chunk.toString('utf8')
      onOutput?.(chunk)
    }
    const giveUp = (): void => finish(null, 'it was given up')
    const timer = setTimeout(() => finish(null, `it took longer than ${timeoutMs} ms`), timeoutMs)
    signal?.addEventListener('abort', giveUp, { once: true })
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.once('error', (error) => finish(null, error.message))
    // What it wrote is read to the end, unless a grandchild keeps the pipes open.
    child.once('exit', (code, by) => {
      const end = (): void => finish(code, by === null ? undefined : `it was ended by ${by}`)
      child.once('close', end)
      setTimeout(end, DRAIN_MS).unref()
    })
    if (signal?.aborted) giveUp()
  })

const killGroup = (pid: number | undefined): void => {
  try {
    if (pid !== undefined && pid > 1) process.kill(-pid, 'SIGKILL')
  } catch {
    // Nothing of it is left.
  }
}
