/**
 * Whether this process may say that it is ready, as far as the log is concerned. A refused append (log full, disk full,
 * no answer) makes it not ready. It is ready again when an append succeeds, or, because no caller sends commands to a
 * service that is not ready, when the log answers a question and has room, and no append failed for a while.
 */
import type { DunlinError } from '@dunlin/contracts'
import type { Log } from '@dunlin/eventstore'
import { every, type Clock, type Readiness } from '@dunlin/runtime'

export interface LogHealth {
  appended(): void
  appendFailed(error: DunlinError): void
  /** False from 90 % on, when it was last asked: the rest is for stopping, for verdicts and for making room. */
  readonly hasRoom: () => boolean
  stop(): void
}

/** From this share of `max_bytes` on the log takes no more than checkpoints and ways out. */
const NEARLY_FULL = 0.9

export interface LogHealthOptions {
  readonly log: Log
  readonly readiness: Readiness
  readonly clock: Clock
  /** How often the log is asked, and how long after a failed append it may be believed. */
  readonly probeEveryMs?: number
}

const PART = 'append'

export const watchLog = ({ log, readiness, clock, probeEveryMs = 2_000 }: LogHealthOptions): LogHealth => {
  let failedAtMs: number | undefined
  let nearlyFull = false
  const lift = (): void => {
    failedAtMs = undefined
    readiness.ready(PART)
  }
  const probe = async (): Promise<void> => {
    try {
      const { bytes, maxBytes } = await log.info()
      readiness.ready('log_answers')
      nearlyFull = maxBytes > 0 && bytes >= maxBytes * NEARLY_FULL
      if (nearlyFull) return readiness.blocked('log_space', 'log_full', `${bytes} of ${maxBytes} bytes are used`)
      readiness.ready('log_space')
      if (failedAtMs !== undefined && clock.monotonicMs() - failedAtMs >= probeEveryMs) lift()
    } catch (error) {
      readiness.blocked('log_answers', 'log_unavailable', error instanceof Error ? error.message : String(error))
    }
  }
  const timer = every(clock, probeEveryMs, probe)
  return {
    appended: () => {
      if (failedAtMs !== undefined) lift()
    },
    appendFailed: (error) => {
      // A commit that is too large says nothing about the log.
      if (!error.retryable) return
      failedAtMs = clock.monotonicMs()
      readiness.blocked(PART, error.code, error.message)
    },
    hasRoom: () => !nearlyFull,
    stop: () => timer.cancel(),
  }
}
