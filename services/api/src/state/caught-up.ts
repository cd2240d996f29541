/** Waiting until this process has read the log up to a sequence, so that a caller can read its own write anywhere. */
import { DunlinError } from '@dunlin/contracts'
import type { FoldFollower } from '@dunlin/eventstore'
import type { Clock } from '@dunlin/runtime'

/** Throws not_ready (retryable) while the log is being read, and when `minSeq` is not reached in time. */
export const createCaughtUp =
  (follower: FoldFollower, clock: Clock, patienceMs = 5_000) =>
  async (minSeq = 0): Promise<void> => {
    const { caughtUp, seq } = follower.health()
    if (!caughtUp) throw new DunlinError('not_ready')
    if (seq >= minSeq) return
    const late = Promise.withResolvers<void>()
    const timer = clock.after(patienceMs, () =>
      late.reject(
        new DunlinError('not_ready', `The log was read up to ${follower.health().seq}, not up to ${minSeq}.`),
      ),
    )
    try {
      await Promise.race([follower.waitFor(minSeq), late.promise])
    } finally {
      timer.cancel()
    }
  }
