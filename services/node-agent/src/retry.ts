/** Tries again with a growing pause, until it works or the signal is aborted. */
import { sleep, type Clock, type Random } from '@dunlin/runtime/agent'
import type { Timings } from './timings.ts'

export interface RetryPorts {
  readonly clock: Clock
  readonly random: Random
}

/** The nth pause (from 1): doubling, with jitter, so that a fleet does not ask in step. */
const pauseMs = (n: number, timings: Timings, random: Random): number =>
  Math.min(timings.retryMostMs, timings.retryFirstMs * 2 ** Math.min(n - 1, 16)) * (0.5 + random.float() / 2)

/** Pauses that grow from one to the next, until something worked. */
export interface Pauses {
  next(): Promise<void>
  /** It worked: the next pause is the first one again. */
  reset(): void
  /**
   * What made attempts fail is over, or may be: the pause under way ends. A node that was cut off for hours waits for half
   * a minute between two attempts, and has to be right again within seconds.
   */
  cut(): void
}

export const createPauses = ({ clock, random }: RetryPorts, timings: Timings, signal: AbortSignal): Pauses => {
  let n = 0
  let ending: AbortController | undefined
  const cut = (): void => {
    n = 0
    ending?.abort()
  }
  return {
    next: async () => {
      if (signal.aborted) return
      n += 1
      ending = new AbortController()
      signal.addEventListener('abort', cut)
      await sleep(clock, pauseMs(n, timings, random), ending.signal)
      signal.removeEventListener('abort', cut)
      ending = undefined
    },
    reset: () => {
      n = 0
    },
    cut,
  }
}

/** Resolves with what `attempt` gives when that is not undefined; undefined only when aborted. `attempt` must not throw. */
export const untilDone = async <T>(
  signal: AbortSignal,
  pauses: Pauses,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> => {
  while (!signal.aborted) {
    const result = await attempt()
    if (result !== undefined) {
      pauses.reset()
      return result
    }
    await pauses.next()
  }
  return undefined
}
