/**
 * Publishes to one stream with a bounded window of unanswered messages. It exists because the client's own publish costs
 * twice as much (a promise race, a timer and a header object each) and because it alone knows how to ask again: when an
 * answer is missing, the same message with the same id goes out once more, until the time is over.
 *
 * One wildcard inbox takes all answers, one coarse timer watches all of them. Two messages of one subject are never
 * under way together: a server with replicas could not tell their order (error 10164), and a repeat could overtake.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import { errors, type Msg, type MsgHdrs } from 'nats'
import { actualIn, plainAckSeq, readAck } from './ack.ts'
import { apiProblem, ErrCode } from './api.ts'
import type { Link } from './connection.ts'

export interface PublisherOptions {
  readonly stream: string
  /** Unanswered messages at most; further ones wait here in order. */
  readonly window: number
  /** After this long without an answer the message goes out again, then after twice as long, and so on. Default 3 s. */
  readonly attemptMs?: number
  /** After this long the outcome is given up as unknown: log_unavailable. Shorter than the duplicate window. Default 12 s. */
  readonly timeoutMs?: number
}

export interface Published {
  readonly subject: string
  readonly data: Uint8Array
  /** Of `preparedHeader`. */
  readonly headers: MsgHdrs
}

export type PublishOutcome =
  | { readonly ok: true; readonly seq: number; readonly duplicate: boolean }
  /** `asked` > 1: the subject may have moved on because an earlier attempt of this very message was stored. */
  | { readonly ok: false; readonly conflict: true; readonly actual?: number; readonly asked: number }

export interface Publisher {
  /** Calls exactly one of the two, later. Callbacks, not a promise: it is called a hundred thousand times a second. */
  send(message: Published, done: (outcome: PublishOutcome) => void, failed: (error: DunlinError) => void): void
  /** Messages that have no answer yet, and those that wait for a place. */
  pending(): number
  /** What still waits fails with log_unavailable. */
  close(): void
}

interface Entry {
  readonly message: Published
  readonly done: (outcome: PublishOutcome) => void
  readonly failed: (error: DunlinError) => void
  readonly giveUpTick: number
  /** Place in the order of sending; its remainder by the window is the slot. 0 = not sent yet. */
  id: number
  asked: number
  askAgainTick: number
}

const TICK_MS = 100
const NOBODY: Entry[] = []

export const createPublisher = (link: Link, options: PublisherOptions): Publisher => {
  const { stream, window } = options
  const attemptTicks = Math.ceil((options.attemptMs ?? 3_000) / TICK_MS)
  const timeoutTicks = Math.ceil((options.timeoutMs ?? 12_000) / TICK_MS)
  const inbox = `${link.inbox()}.`
  const slots: (Entry | undefined)[] = Array.from({ length: window }, () => undefined)
  const free: number[] = Array.from({ length: window }, (_, i) => i)
  /** Subjects with a message under way, and who waits for each. */
  const busy = new Map<string, Entry[]>()
  let queue: Entry[] = []
  let queueHead = 0
  let round = 1
  let tick = 0
  let held = 0
  let closed = false

  const start = (entry: Entry): void => {
    const slot = free.pop()
    if (slot === undefined) {
      queue.push(entry)
      return
    }
    entry.id = round++ * window + slot
    slots[slot] = entry
    ask(entry)
  }

  const ask = (entry: Entry): void => {
    // Twice as long each time: a fleet that asks a slow server again and again at one pace keeps it slow.
    entry.askAgainTick = tick + attemptTicks * 2 ** Math.min(4, entry.asked)
    if (closed || !link.isLive()) return
    entry.asked++
    const { subject, data, headers } = entry.message
    try {
      link.nc.publish(subject, data, { reply: inbox + entry.id, headers })
    } catch (error) {
      finish(entry)
      entry.failed(publishProblem(error, data.length))
    }
  }

  const nextInQueue = (): Entry => {
    const next = queue[queueHead++] as Entry
    if (queueHead > 1024 && queueHead * 2 > queue.length) {
      queue = queue.slice(queueHead)
      queueHead = 0
    }
    return next
  }

  /** Lets the next message of this subject begin. */
  const release = (subject: string): void => {
    held--
    const heir = busy.get(subject)?.shift()
    if (heir === undefined) busy.delete(subject)
    else start(heir)
  }

  const finish = (entry: Entry): void => {
    const slot = entry.id % window
    slots[slot] = undefined
    free.push(slot)
    if (queueHead < queue.length) start(nextInQueue())
    release(entry.message.subject)
  }

  const answered = (entry: Entry, data: Uint8Array, message: Msg): void => {
    const seq = plainAckSeq(data, stream.length)
    if (seq > 0) {
      finish(entry)
      entry.done({ ok: true, seq, duplicate: false })
      return
    }
    if (data.length === 0 && message.headers?.code === 503) {
      // Nobody serves the stream right now (a server that starts, a stream without leader): ask again soon.
      entry.askAgainTick = Math.min(entry.askAgainTick, tick + 1)
      return
    }
    const ack = readAck(data)
    if (ack.is === 'unreadable') return
    if (ack.is === 'stored') {
      finish(entry)
      entry.done({ ok: true, seq: ack.seq, duplicate: ack.duplicate })
      return
    }
    const { code, errCode, description } = ack
    if (errCode === ErrCode.wrongLastSequence || errCode === ErrCode.wrongLastSequenceUnknown) {
      const actual = errCode === ErrCode.wrongLastSequence ? actualIn(description) : undefined
      finish(entry)
      entry.done({ ok: false, conflict: true, asked: entry.asked, ...(actual === undefined ? {} : { actual }) })
      return
    }
    const problem = apiProblem(code, errCode, description)
    if (problem.code === 'log_unavailable') {
      // It may pass (too many requests, no quorum): the message goes out again until the time is over.
      const soonTicks = Math.ceil(3 * 2 ** Math.min(5, entry.asked - 1) * (0.5 + Math.random()))
      entry.askAgainTick = Math.min(entry.askAgainTick, tick + soonTicks)
      return
    }
    finish(entry)
    entry.failed(problem)
  }

  const subscription = link.nc.subscribe(`${inbox}*`, {
    callback: (error, message) => {
      if (error !== null) return
      const { subject } = message
      let id = 0
      for (let i = inbox.length; i < subject.length; i++) id = id * 10 + subject.charCodeAt(i) - 48
      const entry = slots[id % window]
      if (entry !== undefined && entry.id === id) answered(entry, message.data, message)
    },
  })

  const giveUp = (entry: Entry, why: string): void => {
    if (entry.id === 0) release(entry.message.subject)
    else finish(entry)
    entry.failed(new DunlinError('log_unavailable', why, { data: { asked: entry.asked } }))
  }

  /** What waited for a place until its time was over was never sent. */
  const giveUpQueue = (): void => {
    while (queueHead < queue.length && tick >= (queue[queueHead] as Entry).giveUpTick)
      giveUp(nextInQueue(), 'The log did not answer in time; this was not sent.')
  }

  /** Ticks are counted only while something is under way: an idle node shall not wake ten times a second for nothing. */
  let timer: NodeJS.Timeout | undefined
  const onTick = (): void => {
    tick++
    if (held === 0) {
      clearInterval(timer)
      timer = undefined
      return
    }
    giveUpQueue()
    for (const entry of slots.slice()) {
      if (entry === undefined) continue
      if (tick >= entry.giveUpTick) giveUp(entry, 'The log did not answer in time; whether it was stored is unknown.')
      else if (tick >= entry.askAgainTick) ask(entry)
    }
  }

  /** After a reconnect nothing that was under way will be answered: all of it goes out again, in its old order. */
  const watch = link.onLive((live) => {
    if (!live) return
    const unanswered = slots.filter((entry) => entry !== undefined)
    for (const entry of unanswered.sort((a, b) => a.id - b.id)) ask(entry)
  })

  return {
    send: (message, done, failed) => {
      if (closed || link.isClosed()) {
        failed(new DunlinError('log_unavailable', 'The connection to the log was closed.'))
        return
      }
      const entry: Entry = { message, done, failed, giveUpTick: tick + timeoutTicks, id: 0, asked: 0, askAgainTick: 0 }
      held++
      timer ??= setInterval(onTick, TICK_MS).unref()
      const waiting = busy.get(message.subject)
      if (waiting === undefined) {
        busy.set(message.subject, NOBODY)
        start(entry)
      } else if (waiting === NOBODY) busy.set(message.subject, [entry])
      else waiting.push(entry)
    },
    pending: () => held,
    close: () => {
      if (closed) return
      closed = true
      clearInterval(timer)
      watch.stop()
      subscription.unsubscribe()
      for (;;) {
        const open = slots.filter((entry) => entry !== undefined)
        if (open.length === 0) break
        for (const entry of open) giveUp(entry, 'The connection to the log was closed before it answered.')
      }
    },
  }
}

const publishProblem = (error: unknown, bytes: number): DunlinError => {
  if (error instanceof errors.InvalidArgumentError)
    return new DunlinError('commit_too_large', `${bytes} bytes do not fit into one message of this server.`, {
      cause: error,
      data: { size_bytes: bytes },
    })
  return new DunlinError('log_unavailable', 'The connection to the log was closed.', { cause: error })
}
