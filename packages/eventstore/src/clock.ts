/** The part of the process clock that the event store uses; @dunlin/runtime's `Clock` fits. */
export interface StoreClock {
  /** Wall clock, milliseconds since the Unix epoch. */
  nowMs(): number
  /** Never goes back; for intervals. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): { cancel(): void }
}

/** For callers that own no clock: the process's own. */
export const wallClock: StoreClock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: (delayMs, run) => {
    const handle = setTimeout(run, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
}

export const pause = (clock: StoreClock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
