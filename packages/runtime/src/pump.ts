/**
 * Runs a piece of work after it was asked for, never twice at once: asking while it runs makes it run once more
 * afterwards. A failure that can be retried pauses it; the marks that caused the work are still there.
 */
import type { Clock, Timer } from './clock.ts'
import type { Logger } from './logger.ts'

export interface Pump {
  /** Asks for a run, in `delayMs` at the latest (default: as soon as possible). */
  wake(delayMs?: number): void
  /** Waits for a run under way and ends. */
  stop(): Promise<void>
}

/** Several folds in one turn of the event loop cause one run. */
const COALESCE_MS = 1

export const createPump = (clock: Clock, logger: Logger, run: () => Promise<void>): Pump => {
  let timer: { readonly handle: Timer; readonly dueMono: number } | undefined
  let running: Promise<void> | undefined
  let again = false
  let stopped = false

  const start = (): void => {
    running = run()
      .catch((error: unknown) => logger.error('a step failed unexpectedly', { error: String(error) }))
      .finally(() => {
        running = undefined
        if (again) {
          again = false
          wake()
        }
      })
  }

  const fire = (): void => {
    // Also when a run is under way: a timer that has fired must never keep a later one from being set.
    timer = undefined
    if (running === undefined) start()
    else again = true
  }

  const wake = (delayMs = COALESCE_MS): void => {
    if (stopped) return
    if (running !== undefined && delayMs <= COALESCE_MS) {
      again = true
      return
    }
    const due = clock.monotonicMs() + delayMs
    if (timer !== undefined) {
      if (timer.dueMono <= due) return
      timer.handle.cancel()
    }
    timer = { handle: clock.after(delayMs, fire), dueMono: due }
  }

  return {
    wake,
    stop: async () => {
      stopped = true
      timer?.handle.cancel()
      await running
    },
  }
}
