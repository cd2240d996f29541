/** Tries again with a growing pause, until it works or the signal is aborted. */
import { sleep, type Clock, type Random } from '@dunlin/runtime/agent'
import type { Timings } from './timings.ts'

export interface RetryPorts {
  readonly clock: Clock
  readonly random: Random
}

/** The nth pause (from 1): doubling, with jitter, so that a fleet does not ask in step. */
export const pauseMs = (n: number, timings: Timings, random: Random): number =>
  Math.min(timings.retryMostMs, timings.retryFirstMs * 2 ** Math.min(n - 1, 16)) * (0.5 + random.float() / 2)

/** Resolves with what `attempt` gives when that is not undefined; undefined only when aborted. `attempt` must not throw. */
export const untilDone = async <T>(
  { clock, random }: RetryPorts,
  timings: Timings,
  signal: AbortSignal,
  attempt: () => Promise<T | undefined>,
): Promise<T | undefined> => {
  for (let n = 1; !signal.aborted; n++) {
    const result = await attempt()
    if (result !== undefined) return result
    await sleep(clock, pauseMs(n, timings, random), signal)
  }
  return undefined
}
