/**
 * What a node believes when it shares a server with others. Another node can have the server send it something, as an
 * answer to that node's own question (`node-permissions.ts`). Such a message has no reply subject, so a question without
 * one is none; and a doorbell only says that there is something to read.
 */
import type { Bus, BusMessage, KeyValue } from '@dunlin/eventstore/agent'
import { createBus } from '../bus.ts'
import type { Link } from '../connection.ts'
import { doorbellSubject } from '../subjects.ts'

/** @param desired reads the node's document from the stream, where only the centre writes */
export const guardedBus = (link: Link, node: string, desired: Pick<KeyValue, 'get'>): Bus => {
  const doorbell = doorbellSubject(node)
  const bus = createBus(link, ({ subject, reply }) => !subject.startsWith('rpc.') || Boolean(reply))
  return {
    ...bus,
    subscribe: (subject, handler, options) => {
      if (subject !== doorbell) return bus.subscribe(subject, handler, options)
      const rung = latest(async () => {
        const document = await desired.get(node)
        if (document !== undefined) handler(asMessage(subject, document.value))
      })
      return bus.subscribe(subject, rung, options)
    },
  }
}

/** Runs `work` after every call, but never twice at once: rings that come meanwhile are answered by one more reading. */
const latest = (work: () => Promise<void>): (() => void) => {
  let running = false
  let again = false
  const run = async (): Promise<void> => {
    do {
      again = false
      // A document that cannot be read now is read again by the agent's own rereading.
      await work().catch(() => {})
    } while (again)
    running = false
  }
  return () => {
    again = true
    if (running) return
    running = true
    void run()
  }
}

const asMessage = (subject: string, data: Uint8Array): BusMessage => ({
  subject,
  data,
  headers: {},
  respond: () => false,
})
