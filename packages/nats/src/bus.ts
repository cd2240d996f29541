/** The bus port on core NATS: messages that nobody keeps. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Bus, BusMessage } from '@dunlin/eventstore/agent'
import { errors, type Msg } from 'nats'
import { isNoResponders } from './api.ts'
import type { Link } from './connection.ts'
import { headerLines, headersOf, preparedHeader } from './header-bytes.ts'

/** Reads headers only when asked: a hundred thousand heartbeats have none that matter. */
class Received implements BusMessage {
  private readonly message: Msg
  constructor(message: Msg) {
    this.message = message
  }
  get subject(): string {
    return this.message.subject
  }
  get data(): Uint8Array {
    return this.message.data
  }
  get headers(): Readonly<Record<string, string>> {
    return headersOf(this.message)
  }
  respond(data: Uint8Array): boolean {
    return this.message.respond(data)
  }
}

const noAnswer = (subject: string, cause: unknown): DunlinError => {
  if (isNoResponders(cause)) return new DunlinError('no_answer', `Nobody listens on ${subject}.`, { cause })
  if (cause instanceof errors.TimeoutError)
    return new DunlinError('no_answer', `Nobody answered on ${subject} in time.`, { cause })
  const why = cause instanceof Error ? cause.message : String(cause)
  return new DunlinError('no_answer', `No answer on ${subject}: ${why}`, { cause })
}

/** What the server sends in place of an answer when nobody listens. */
const NO_RESPONDERS = 503

/** Whether a message is heard at all; nodes are deaf to some (`auth/guard.ts`). */
export type Accepts = (message: Msg) => boolean

export const createBus = (link: Link, accepts: Accepts = () => true): Bus => ({
  publish: (subject, data, headers) => {
    // Without a connection it would wait in a buffer and arrive when it is no longer true.
    if (!link.isLive() || link.isClosed()) return
    if (headers === undefined) link.nc.publish(subject, data)
    else link.nc.publish(subject, data, { headers: preparedHeader(headerLines(headers)) })
  },
  subscribe: (subject, handler, options) => {
    const subscription = link.nc.subscribe(subject, {
      ...(options?.queue === undefined ? {} : { queue: options.queue }),
      callback: (error, message) => {
        if (error === null && accepts(message)) handler(new Received(message))
      },
    })
    return { stop: () => subscription.unsubscribe() }
  },
  request: async (subject, data, timeoutMs) => {
    try {
      return new Received(await link.nc.request(subject, data, { timeout: timeoutMs }))
    } catch (error) {
      throw noAnswer(subject, error)
    }
  },
  requestMany: (subject, data, { onMessage, onNobody }) => {
    // An address of its own: nothing else is ever sent there, and a node may answer there because it was asked.
    const reply = link.inbox()
    let asked = subject
    const subscription = link.nc.subscribe(reply, {
      callback: (error, message) => {
        if (error !== null) return
        if (message.data.length === 0 && message.headers?.code === NO_RESPONDERS)
          onNobody(new DunlinError('no_answer', `Nobody listens on ${asked}.`))
        else onMessage(new Received(message))
      },
    })
    const say = (to: string, body: Uint8Array): void => {
      if (!link.isLive() || link.isClosed() || subscription.isClosed()) return
      asked = to
      link.nc.publish(to, body, { reply })
    }
    say(subject, data)
    return { say, stop: () => subscription.unsubscribe() }
  },
  flush: async () => {
    try {
      await link.nc.flush()
    } catch (error) {
      throw noAnswer('the connection', error)
    }
  },
  onLive: (handler) => link.onLive(handler),
})
