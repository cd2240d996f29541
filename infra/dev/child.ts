/**
 * One service or agent as a child process: waits for its ready line, keeps its log in a file, starts it again with a
 * growing delay when it dies, and ends it for good: politely, then with SIGKILL.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { root } from './flags.ts'
import { LaunchError, type Say } from './say.ts'

/** The ready line of a service: `{"ready": true, "service", ...}`. */
export type Facts = Readonly<Record<string, unknown>>

export interface ChildSpec {
  readonly name: string
  /** Its main.ts, from the root of the repository. */
  readonly source: string
  /** `before` is the last ready line: a port that was free the first time is asked for again. */
  readonly args: (before: Facts | undefined) => readonly string[]
  readonly logFile: string
  readonly say: Say
  readonly readyWithinMs?: number
  /** Above a service's own deadline for stopping (10 s), so that the service gets to say what hangs. */
  readonly stopGraceMs?: number
}

export interface Child {
  readonly name: string
  /** Rejects when the first start fails; later ends are only said. */
  readonly ready: Promise<Facts>
  readonly pid: number | undefined
  /** Resolves when the process is gone and will not come back. */
  stop(): Promise<void>
  /** The same at once. */
  kill(): Promise<void>
}

const FIRST_DELAY_MS = 500
const LONGEST_DELAY_MS = 30_000
/** Whoever ran this long is forgiven its earlier ends. */
const FORGIVEN_AFTER_MS = 30_000

export const startChild = (spec: ChildSpec): Child => {
  const { name, say, readyWithinMs = 60_000, stopGraceMs = 12_000 } = spec
  const ready = Promise.withResolvers<Facts>()
  // A child that fails while another one is awaited must not end the launcher as an unhandled rejection.
  ready.promise.catch(() => {})
  let facts: Facts | undefined
  let current: ChildProcess | undefined
  let gone: Promise<void> = Promise.resolve()
  let stopped = false
  let delayMs = FIRST_DELAY_MS
  let again: NodeJS.Timeout | undefined

  const run = (): void => {
    const startedMs = performance.now()
    const log = openSync(spec.logFile, 'a')
    // stdin is the leash: it closes when this process dies, however it dies, and the child then ends by itself. A group
    // of its own keeps a Ctrl-C in the terminal from reaching it before its turn.
    const child = spawn(process.execPath, ['--conditions=dunlin-source', spec.source, ...spec.args(facts)], {
      cwd: root,
      detached: true,
      stdio: ['pipe', 'pipe', log],
      env: cleanEnvironment(process.env),
    })
    closeSync(log)
    current = child
    child.stdin?.on('error', () => {})
    const late = setTimeout(() => {
      say(`${name} is not ready after ${readyWithinMs / 1000} s: ending it (log: ${spec.logFile})`)
      child.kill('SIGKILL')
    }, readyWithinMs)
    // "pipe" always gives one; the type only knows that at a literal.
    if (child.stdout)
      createInterface({ input: child.stdout }).on('line', (line) => {
        const told = readyLine(line)
        if (told === undefined) return
        clearTimeout(late)
        if (facts !== undefined) say(`${name} is back`)
        facts = told
        ready.resolve(told)
      })
    gone = new Promise((resolve) => {
      const ended = (how: string): void => {
        clearTimeout(late)
        resolve()
        if (!stopped) died(how, performance.now() - startedMs)
      }
      child.once('error', (error) => ended(error.message))
      child.once('exit', (code, signal) => ended(signal === null ? `exit code ${code}` : signal))
    })
  }

  const died = (how: string, ranMs: number): void => {
    if (facts === undefined) {
      stopped = true
      ready.reject(new LaunchError(`${name} could not start (${how}):\n${tail(spec.logFile)}`))
      return
    }
    if (ranMs > FORGIVEN_AFTER_MS) delayMs = FIRST_DELAY_MS
    say(`${name} ended unexpectedly (${how}); again in ${delayMs / 1000} s (log: ${spec.logFile})`)
    again = setTimeout(run, delayMs)
    delayMs = Math.min(LONGEST_DELAY_MS, delayMs * 2)
  }

  const end = async (graceMs: number): Promise<void> => {
    stopped = true
    clearTimeout(again)
    ready.reject(new LaunchError(`${name} was stopped before it was ready`))
    current?.kill(graceMs === 0 ? 'SIGKILL' : 'SIGTERM')
    const tooLong = setTimeout(() => {
      if (graceMs > 0) say(`${name} does not stop: killed`)
      current?.kill('SIGKILL')
    }, graceMs)
    await gone
    clearTimeout(tooLong)
  }

  run()
  return {
    name,
    ready: ready.promise,
    get pid() {
      return current?.exitCode === null && current.signalCode === null ? current.pid : undefined
    },
    stop: () => end(stopGraceMs),
    kill: () => end(0),
  }
}

/** What a person set for a service of their own must not steer these; only the log level is theirs. */
const cleanEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('DUNLIN_') || name === 'DUNLIN_LOG_LEVEL'))

const readyLine = (line: string): Facts | undefined => {
  try {
    const json: unknown = JSON.parse(line)
    if (typeof json !== 'object' || json === null || !('ready' in json) || json.ready !== true) return undefined
    return { ...json }
  } catch {
    return undefined
  }
}

const tail = (file: string): string =>
  readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-6)
    .map((line) => `  ${line.slice(0, 600)}`)
    .join('\n')
