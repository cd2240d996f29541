/** Waiting in place: a command that the system cannot take now is tried again until it can, or until the service stops. */
import { DunlinError } from '@dunlin/contracts'
import { sleep, type Clock } from '@dunlin/runtime'

export interface RetryOptions {
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Called before each wait, with the reason and how long it will last. */
  readonly onWait: (error: DunlinError, delayMs: number) => void
  readonly firstDelayMs?: number
  readonly longestDelayMs?: number
}

/** Repeats `run` after retryable errors. Throws the terminal error, or the last retryable one when `signal` is aborted. */
export const retryInPlace = async <T>(run: () => Promise<T>, options: RetryOptions): Promise<T> => {
  const { clock, signal, onWait, firstDelayMs = 100, longestDelayMs = 5_000 } = options
  for (let delayMs = firstDelayMs; ; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
    try {
      return await run()
    } catch (error) {
      if (!(error instanceof DunlinError) || !error.retryable || signal.aborted) throw error
      onWait(error, delayMs)
      await sleep(clock, delayMs, signal)
      if (signal.aborted) throw error
    }
  }
}
