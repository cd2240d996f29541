/** The part of the process clock that the event store uses; @dunlin/runtime's `Clock` fits. */
export interface StoreClock {
  /** Wall clock, milliseconds since the Unix epoch. */
  nowMs(): number
  /** Never goes back; for intervals. */
  monotonicMs(): number
  after(delayMs: number, run: () => void): { cancel(): void }
}

export const pause = (clock: StoreClock, delayMs: number): Promise<void> =>
  new Promise((resolve) => {
    clock.after(delayMs, resolve)
  })
