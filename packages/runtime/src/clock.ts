/** Time as a port. Nothing below the process chassis reads a clock; the simulator hands out a virtual one. */

export interface Timer {
  cancel(): void
}

export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. It may jump. */
  nowMs(): number
  /** Never goes back; its zero means nothing. For intervals and deadlines inside one process. */
  monotonicMs(): number
  /** Calls `run` once after `delayMs` of monotonic time; with 0 as soon as what is under way has given way. */
  after(delayMs: number, run: () => void): Timer
}

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    if (delayMs === 0) {
      // A timer of Node lasts a millisecond at least.
      const turn = setImmediate(run)
      return { cancel: () => clearImmediate(turn) }
    }
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
}

/** Resolves after `delayMs`, or earlier when `signal` is aborted. */
export const sleep = (clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal?.aborted) return resolve()
    const end = (): void => {
      timer.cancel()
      // A signal may outlive many pauses, and would keep each of them.
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = clock.after(delayMs, end)
    signal?.addEventListener('abort', end)
  })

/**
 * Runs `tick` every `everyMs` until cancelled; a tick that takes longer delays the next, they never overlap, and one that
 * fails is followed by the next.
 */
export const every = (clock: Clock, everyMs: number, tick: () => void | Promise<void>): Timer => {
  let cancelled = false
  let timer: Timer
  const arm = (): void => {
    timer = clock.after(everyMs, () => {
      // A tick that throws must neither end the process nor be the last one: whoever has something to say catches it.
      void new Promise<void>((resolve) => resolve(tick()))
        .catch(() => {})
        .finally(() => {
          if (!cancelled) arm()
        })
    })
  }
  arm()
  return {
    cancel: () => {
      cancelled = true
      timer.cancel()
    },
  }
}
