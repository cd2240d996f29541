/** The log port on JetStream: appends through the windowed publisher, reads from the leader, follows by its own pull. */
import type { AppendRequest, AppendResult, Log, LogInfo, Recorded } from '@dunlin/eventstore'
import { apiRequest, asDunlinError } from './api.ts'
import { appendTo } from './append.ts'
import type { Link } from './connection.ts'
import { followStream } from './follow/follow.ts'
import type { FollowOptions } from './follow/session.ts'
import type { Publisher } from './publisher.ts'
import { getStored } from './stored.ts'
import { streamInfo } from './stream-info.ts'
import { EVENTS } from './streams.ts'

export const createLog = (link: Link, publisher: Publisher, options: FollowOptions = {}): Log => {
  const last = (subject: string): Promise<Recorded | undefined> =>
    getStored(link, EVENTS, { last_by_subj: subject }).catch(raise)

  const behind = (subject: string, seq: number): Promise<Recorded | undefined> =>
    getStored(link, EVENTS, { seq: seq + 1, next_by_subj: subject }).catch(raise)

  async function* read(subject: string, fromSeq = 1): AsyncGenerator<Recorded> {
    let from = Math.max(1, fromSeq)
    for (;;) {
      const next = await behind(subject, from - 1)
      if (next === undefined) return
      yield next
      from = next.seq + 1
    }
  }

  const append = (request: AppendRequest): Promise<AppendResult> =>
    appendTo({ stream: EVENTS, publisher, behind }, request)

  const info = async (): Promise<LogInfo> => {
    const { created, config, state } = await streamInfo(link, EVENTS).catch(raise)
    return {
      created,
      firstSeq: state.first_seq,
      lastSeq: state.last_seq,
      messages: state.messages,
      bytes: state.bytes,
      maxBytes: config.max_bytes,
    }
  }

  const purge = async (subject: string, belowSeq: number): Promise<number> => {
    const newest = await last(subject)
    const seq = Math.min(belowSeq, newest?.seq ?? 0)
    if (seq <= 1) return 0
    const answer = await apiRequest<{ purged: number }>(link, `STREAM.PURGE.${EVENTS}`, { filter: subject, seq }).catch(
      raise,
    )
    return answer.purged
  }

  return {
    append,
    last,
    read,
    at: (seq) => (seq < 1 ? Promise.resolve(undefined) : getStored(link, EVENTS, { seq }).catch(raise)),
    follow: (from, handlers) => followStream(link, EVENTS, from, handlers, options),
    info,
    purge,
  }
}

const raise = (error: unknown): never => {
  throw asDunlinError(error)
}
