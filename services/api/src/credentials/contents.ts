/** Hands out contents by their hash: nodes that have an account of their own cannot read the stream (see docs/security.md). */
import { sha256Schema } from '@dunlin/contracts'
import type { Bus, KeyValue, Subscription } from '@dunlin/eventstore'
import { contentSubject } from '@dunlin/nats'
import type { Logger } from '@dunlin/runtime'

const ANY = contentSubject('*')
const PREFIX = ANY.length - 1

/** Nothing is answered when the log cannot be read now: the node asks again. */
export const answerContents = (bus: Bus, specs: Pick<KeyValue, 'get'>, logger: Logger): Subscription =>
  bus.subscribe(
    ANY,
    (message) => {
      const hash = sha256Schema.safeParse(message.subject.slice(PREFIX))
      // A wildcard in place of a hash finds nothing.
      if (!hash.success) return void message.respond(new Uint8Array())
      specs.get(hash.data).then(
        (found) => message.respond(found?.value ?? new Uint8Array()),
        (error: unknown) => logger.warn('a content was not handed out', { hash: hash.data, error: String(error) }),
      )
    },
    { queue: 'contents' },
  )
