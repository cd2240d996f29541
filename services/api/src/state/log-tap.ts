/**
 * The log port with listeners on it: event streams hear what the fold's follower hears (one reader of the log, not two),
 * and readiness hears whether appends succeed.
 */
import { DunlinError } from '@dunlin/contracts'
import type { Log, LogPosition, Recorded } from '@dunlin/eventstore'

export interface LogTap {
  /** A follower begins after `from`; nothing = at the beginning. */
  onFollow(from: LogPosition | undefined): void
  onBatch(batch: readonly Recorded[]): void
  onAppended(): void
  onAppendFailed(error: DunlinError): void
}

/** The fold's follower and the command handler get this log; who reads for other reasons gets the plain one. */
export const tapLog = (log: Log, tap: LogTap): Log => ({
  last: (subject) => log.last(subject),
  read: (subject, fromSeq) => log.read(subject, fromSeq),
  at: (seq) => log.at(seq),
  info: () => log.info(),
  purge: (subject, belowSeq) => log.purge(subject, belowSeq),
  append: async (request) => {
    try {
      const result = await log.append(request)
      if (result.ok) tap.onAppended()
      return result
    } catch (error) {
      if (error instanceof DunlinError) tap.onAppendFailed(error)
      throw error
    }
  },
  follow: (from, handlers) => {
    tap.onFollow(from)
    return log.follow(from, {
      ...handlers,
      onBatch: (batch) => {
        handlers.onBatch(batch)
        tap.onBatch(batch)
      },
    })
  },
})
