/**
 * Following a stream: one session after another, each a consumer of its own that begins behind the last message that
 * was handed on. Between sessions the stream is compared with what the follower remembers of it, so that a log that
 * went backwards is noticed before anything of it is delivered.
 */
import { DunlinError } from '@dunlin/contracts'
import { markOf, type Follower, type FollowHandlers, type LogPosition, type Recorded } from '@dunlin/eventstore'
import { setTimeout as pause } from 'node:timers/promises'
import { ApiError, asDunlinError, ErrCode } from '../api.ts'
import type { Link } from '../connection.ts'
import { getStored } from '../stored.ts'
import { streamInfo } from '../stream-info.ts'
import { openSession, type FollowOptions, type SessionEnd } from './session.ts'

const FIRST_PAUSE_MS = 20
const LONGEST_PAUSE_MS = 2_000

export const followStream = (
  link: Link,
  stream: string,
  from: LogPosition | undefined,
  handlers: FollowHandlers,
  options: FollowOptions = {},
): Follower => {
  let created = from?.created
  let position = from?.seq ?? 0
  let mark = from?.mark
  let lastMessage: Recorded | undefined
  let stopped = false
  let live = link.isLive()
  const stopping = new AbortController()
  let endSession: (() => void) | undefined

  const setLive = (now: boolean): void => {
    if (live === now || stopped) return
    live = now
    handlers.onLive?.(now)
  }
  const watch = link.onLive((up) => {
    // A new connection is a new session even if the consumer survived: only a comparison tells whether the log did.
    if (!up) setLive(false)
    else endSession?.()
  })

  /** Why the stream is not the one that the position belongs to; undefined when it is. */
  const rewound = async (): Promise<string | undefined> => {
    const info = await streamInfo(link, stream)
    const known = created
    created = info.created
    if (known !== undefined && known !== info.created)
      return `the stream was created ${info.created}, the position belongs to one of ${known}`
    if (position > info.state.last_seq) return `the stream ends at ${info.state.last_seq}, the position is ${position}`
    if (lastMessage !== undefined) mark = markOf(lastMessage)
    if (mark === undefined || position === 0) return undefined
    const there = await getStored(link, stream, { seq: position })
    // A message that was purged since cannot be compared; the creation time has to do.
    if (there !== undefined && markOf(there) !== mark) return `another message stands at ${position}`
    return undefined
  }

  const deliver = (batch: readonly Recorded[]): void => {
    if (stopped) return
    handlers.onBatch(batch)
    lastMessage = batch.at(-1)
    position = lastMessage?.seq ?? position
  }

  /** One session from the check to its end. */
  const runSession = async (): Promise<SessionEnd> => {
    const why = await rewound()
    if (why !== undefined) return { is: 'rewound', why }
    if (stopped) return { is: 'again', why: 'stopped' }
    const session = await openSession(link, stream, position, options, {
      deliver,
      caughtUp: (seq) => {
        if (!stopped) handlers.onCaughtUp?.(Math.max(seq, position))
      },
      begun: () => setLive(true),
    })
    endSession = () => session.end()
    if (stopped) session.end()
    const end = await session.ended
    endSession = undefined
    return end
  }

  const run = async (): Promise<Error | undefined> => {
    let pauseMs = FIRST_PAUSE_MS
    while (!stopping.signal.aborted) {
      if (link.isClosed()) return new DunlinError('log_unavailable', 'The connection to the log was closed.')
      const before = position
      const end = await runSession().catch((error: unknown): SessionEnd => ({ is: 'again', why: String(error), error }))
      if (stopped) return undefined
      if (end.is === 'rewound') {
        handlers.onRewound?.(end.why)
        return undefined
      }
      if (end.is === 'failed') return end.error
      if (end.error instanceof ApiError && end.error.errCode === ErrCode.streamNotFound && created !== undefined) {
        handlers.onRewound?.('the stream is gone')
        return undefined
      }
      if (position > before || end.error === undefined) pauseMs = FIRST_PAUSE_MS
      if (!link.isLive() || end.error !== undefined) setLive(false)
      await pause(pauseMs, undefined, { signal: stopping.signal }).catch(() => {})
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2)
    }
    return undefined
  }

  const finished = run()
    .catch((error: unknown) => asDunlinError(error))
    .then((error) => {
      watch.stop()
      const wasStopped = stopped
      stopped = true
      if (!wasStopped || error !== undefined) handlers.onEnd?.(error)
      else handlers.onEnd?.(undefined)
    })

  return {
    stop: async () => {
      stopped = true
      stopping.abort()
      endSession?.()
      await finished
    },
  }
}
