/**
 * One consumer's life. Two pull requests are always under way, so that the tip never waits for a request to be renewed,
 * and each is bounded by messages and bytes, so that the server never takes us for a slow consumer. The client's own
 * ordered consumer does the same at half the speed.
 */
import { randomBytes } from 'node:crypto'
import type { Recorded } from '@dunlin/eventstore'
import { type Msg } from 'nats'
import { apiRequest } from '../api.ts'
import type { Link } from '../connection.ts'
import { Delivered } from './delivered.ts'
import { prefixLength, readReply, type Delivery } from './reply.ts'

export interface FollowOptions {
  /** Messages per pull request. Default 20,000. */
  readonly batch?: number
  /** How often the server says that it is there; three times silence is a lost consumer. Default 2.5 s. */
  readonly heartbeatMs?: number
}

export type SessionEnd =
  /** Begin another session. */
  | { readonly is: 'again'; readonly why: string; readonly error?: unknown }
  | { readonly is: 'failed'; readonly error: Error }
  | { readonly is: 'rewound'; readonly why: string }

export interface SessionHandlers {
  readonly deliver: (batch: readonly Recorded[]) => void
  /** Everything that was there is delivered, up to this sequence. */
  readonly caughtUp: (seq: number) => void
  readonly begun: () => void
}

export interface Session {
  readonly ended: Promise<SessionEnd>
  end(): void
}

const PULLS = 2
const MAX_BYTES = 16 * 1024 * 1024
const EXPIRES_MS = 60_000
/** Messages that are handed on together at most. */
const LARGEST_BATCH = 2_048
/** Beats of silence after which the consumer counts as lost. Counted in timer ticks, so that a busy process is not blamed. */
const SILENT_BEATS = 3

interface ConsumerAnswer {
  readonly name: string
  readonly num_pending: number
}

/** Best effort: a consumer that is not deleted goes away by itself when nobody pulls. */
const deleteConsumer = (link: Link, stream: string, name: string): void => {
  if (link.isLive()) void apiRequest(link, `CONSUMER.DELETE.${stream}.${name}`).catch(() => {})
}

const createConsumer = (link: Link, stream: string, name: string, after: number): Promise<ConsumerAnswer> => {
  const start =
    after === 0 ? { deliver_policy: 'all' } : { deliver_policy: 'by_start_sequence', opt_start_seq: after + 1 }
  const config = {
    name,
    ...start,
    ack_policy: 'none',
    replay_policy: 'instant',
    max_deliver: 1,
    mem_storage: true,
    num_replicas: 1,
    inactive_threshold: 30_000_000_000,
  }
  return apiRequest(link, `CONSUMER.CREATE.${stream}.${name}`, { stream_name: stream, config })
}

/** Short, because the name comes back in the reply subject of every message and the client reads it byte by byte. */
const shortName = (): string => `f${randomBytes(8).readBigUInt64LE().toString(36)}`

export const openSession = async (
  link: Link,
  stream: string,
  after: number,
  options: FollowOptions,
  handlers: SessionHandlers,
): Promise<Session> => {
  const name = shortName()
  const consumer = await createConsumer(link, stream, name, after)
  const inbox = `${link.inbox()}.`
  const batchSize = options.batch ?? 20_000
  const heartbeatMs = options.heartbeatMs ?? 2_500
  const request = JSON.stringify({
    batch: batchSize,
    max_bytes: MAX_BYTES,
    expires: EXPIRES_MS * 1_000_000,
    idle_heartbeat: heartbeatMs * 1_000_000,
  })

  const delivery: Delivery = { streamSeq: 0, consumerSeq: 0, pending: 0, storedAtMs: 0 }
  /** Pull requests under way, oldest first: the server serves them in this order. */
  const pulls: { readonly id: number; left: number }[] = []
  let pullId = 0
  let prefix = -1
  let consumerSeq = 0
  let batch: Delivered[] = []
  let flushScheduled = false
  let isCaughtUp = false
  let silentBeats = 0
  let over = false
  const { promise: ended, resolve } = Promise.withResolvers<SessionEnd>()

  const finish = (end: SessionEnd): void => {
    if (over) return
    over = true
    clearInterval(timer)
    subscription.unsubscribe()
    deleteConsumer(link, stream, name)
    resolve(end)
  }

  const pull = (): void => {
    const id = ++pullId
    pulls.push({ id, left: batchSize })
    try {
      link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${name}`, request, { reply: inbox + id })
    } catch (error) {
      finish({ is: 'again', why: 'the connection was closed', error })
    }
  }

  const flush = (): void => {
    flushScheduled = false
    if (batch.length === 0 || over) return
    const ready = batch
    batch = []
    try {
      handlers.deliver(ready)
      if (delivery.pending === 0 && !isCaughtUp) {
        isCaughtUp = true
        handlers.caughtUp(delivery.streamSeq)
      }
    } catch (error) {
      finish({ is: 'failed', error: error instanceof Error ? error : new Error(String(error)) })
    }
  }

  /** A status instead of a message: heartbeats, requests that ended, and the end of the consumer. */
  const onStatus = (message: Msg, code: number, description: string): void => {
    if (code === 100) return flush()
    if (code === 408 || (code === 409 && /maxbytes|interest|batch completed/i.test(description))) {
      const ended = pulls.findIndex((p) => p.id === Number(message.subject.slice(inbox.length)))
      if (ended >= 0) pulls.splice(ended, 1)
      pull()
    } else finish({ is: 'again', why: `${code} ${description}` })
  }

  const onMessage = (message: Msg): void => {
    if (over) return
    silentBeats = 0
    const reply = message.reply ?? ''
    if (reply === '') {
      const headers = message.headers
      return onStatus(message, headers?.code ?? 0, headers?.description ?? '')
    }
    if (prefix < 0) prefix = prefixLength(reply)
    if (prefix < 0 || !readReply(reply, prefix, delivery)) return finish({ is: 'again', why: `what is ${reply}?` })
    if (delivery.consumerSeq !== consumerSeq + 1) {
      flush()
      return finish({ is: 'again', why: `a gap: ${consumerSeq} then ${delivery.consumerSeq}` })
    }
    consumerSeq = delivery.consumerSeq
    batch.push(new Delivered(message, delivery.streamSeq, delivery.storedAtMs))
    const oldest = pulls[0]
    if (oldest !== undefined && --oldest.left === 0) {
      pulls.shift()
      pull()
    }
    if (batch.length >= LARGEST_BATCH) flush()
    else if (!flushScheduled) {
      flushScheduled = true
      // At the tip at once; in the middle of a long replay after all that the socket held.
      if (delivery.pending === 0) queueMicrotask(flush)
      else setImmediate(flush)
    }
  }

  const subscription = link.nc.subscribe(`${inbox}*`, {
    callback: (error, message) => {
      if (error === null) onMessage(message)
      else finish({ is: 'again', why: error.message, error })
    },
  })
  const timer = setInterval(() => {
    flush()
    if (++silentBeats > SILENT_BEATS) finish({ is: 'again', why: 'no sign of life' })
  }, heartbeatMs)
  timer.unref()

  handlers.begun()
  if (consumer.num_pending === 0) {
    isCaughtUp = true
    handlers.caughtUp(after)
  }
  for (let i = 0; i < PULLS; i++) pull()
  return { ended, end: () => finish({ is: 'again', why: 'asked to end' }) }
}
