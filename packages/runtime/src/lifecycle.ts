/**
 * The life of a process: parts start in order and stop in reverse; SIGINT, SIGTERM, a lost parent or a failed part ends
 * it; a deadline and a second signal make sure that it does end.
 */
import type { Logger } from './logger.ts'

/** What the exit code of a Dunlin process says. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, stopTimedOut: 70, killedBySecondSignal: 130 } as const

export interface Lifecycle {
  /** Starts a part and remembers how to stop it. A part that fails to start ends the process; earlier ones stop. */
  start<T>(name: string, start: () => T | Promise<T>, stop: (part: T) => void | Promise<void>): Promise<T>
  /** Aborted as soon as the process begins to stop. */
  readonly stopping: AbortSignal
  /** Begins to stop; `failed` when a part broke and the process must not pretend that it runs. */
  end(reason: string, outcome?: 'asked' | 'failed'): void
}

/** The process as seen from here; tests hand in a fake. */
export interface ProcessPort {
  on(event: string, listener: (...args: unknown[]) => void): unknown
  readonly connected?: boolean | undefined
  readonly stdin: { resume(): unknown; on(event: string, listener: () => void): unknown }
  exit(code: number): void
}

export interface LifecycleOptions {
  readonly logger: Logger
  /** A stop that takes longer ends with exit code 70. */
  readonly stopDeadlineMs?: number
  /** End when the parent's IPC channel, or else standard input, closes: no orphan survives a parent killed with -9. */
  readonly exitWithParent?: boolean
  readonly process?: ProcessPort
}

interface StoppablePart {
  readonly name: string
  readonly stop: () => void | Promise<void>
}

/** Runs `main` to start the parts, waits for the end, stops the parts in reverse, and exits the process. */
export const runProcess = async (
  options: LifecycleOptions,
  main: (lifecycle: Lifecycle) => Promise<void>,
): Promise<void> => {
  const { logger, stopDeadlineMs = 10_000, process: proc = process } = options
  const parts: StoppablePart[] = []
  const abort = new AbortController()
  const ended = Promise.withResolvers<void>()
  const outcome = { failed: false }

  const end: Lifecycle['end'] = (reason, how = 'asked') => {
    if (how === 'failed') outcome.failed = true
    if (abort.signal.aborted) return
    logger.info('stopping', { reason })
    abort.abort()
    ended.resolve()
  }
  watchSignals(proc, end)
  if (options.exitWithParent) watchParent(proc, () => end('the parent process is gone'))
  proc.on('uncaughtException', (error) => {
    logger.error('unexpected failure', { error: describe(error) })
    end('unexpected failure', 'failed')
  })
  proc.on('unhandledRejection', (error) => {
    logger.error('unexpected failure', { error: describe(error) })
    end('unexpected failure', 'failed')
  })

  const lifecycle: Lifecycle = {
    stopping: abort.signal,
    end,
    start: async (name, start, stop) => {
      const part = await start()
      parts.push({ name, stop: () => stop(part) })
      logger.debug('started', { part: name })
      return part
    },
  }
  const started = main(lifecycle).catch((error: unknown) => {
    logger.error('could not start', { error: describe(error) })
    end('could not start', 'failed')
  })
  // A signal during the start waits for the part that is just starting, so that it can be stopped as well.
  await ended.promise
  const deadline = setTimeout(() => {
    logger.error('stopping took too long', { deadlineMs: stopDeadlineMs })
    proc.exit(exitCodes.stopTimedOut)
  }, stopDeadlineMs)
  await started
  await stopInReverse(parts, logger)
  clearTimeout(deadline)
  proc.exit(outcome.failed ? exitCodes.failed : exitCodes.ok)
}

const stopInReverse = async (parts: readonly StoppablePart[], logger: Logger): Promise<void> => {
  for (const part of parts.toReversed()) {
    try {
      await part.stop()
      logger.debug('stopped', { part: part.name })
    } catch (error) {
      logger.warn('a part did not stop cleanly', { part: part.name, error: describe(error) })
    }
  }
}

/** Whoever ends for another reason is told once more by the first signal: the launcher of the agent tells it both ways. */
const watchSignals = (proc: ProcessPort, end: (reason: string) => void): void => {
  let told = false
  for (const signal of ['SIGINT', 'SIGTERM']) {
    proc.on(signal, () => {
      if (told) return proc.exit(exitCodes.killedBySecondSignal)
      told = true
      end(signal)
    })
  }
}

const watchParent = (proc: ProcessPort, gone: () => void): void => {
  if (proc.connected) return void proc.on('disconnect', gone)
  for (const event of ['end', 'close', 'error']) proc.stdin.on(event, gone)
  proc.stdin.resume()
}

/** An error as a log field: name, message, code and stack. */
export const describe = (error: unknown): Readonly<Record<string, unknown>> => {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: describe(error.cause) }
  return { name: error.name, message: error.message, ...code, stack: error.stack, ...cause }
}
