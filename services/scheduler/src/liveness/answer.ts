/** Answers who was heard when, and how far clocks are off: heartbeats are never stored, so only who hears them can tell. */
import { heardQuestionSchema, type HeardAnswer, type NodeId } from '@dunlin/contracts'
import type { Bus, BusMessage, Subscription } from '@dunlin/eventstore'
import { HEARD } from '@dunlin/nats'
import type { HeardNode, Listener } from './listen.ts'

/** A scheduler that is blind stays silent; another one may hear. `unreadMs`: known to the one that writes documents. */
export const answerHeard = (
  bus: Pick<Bus, 'subscribe'>,
  listener: Pick<Listener, 'heard' | 'listeningSince'>,
  unreadMs: (node: NodeId) => number | undefined = () => undefined,
): Subscription =>
  bus.subscribe(HEARD, (message) => {
    const nodes = questionIn(message)
    if (nodes === undefined || listener.listeningSince() === undefined) return
    const answer: HeardAnswer = { nodes: {} }
    for (const node of nodes) {
      const heard = listener.heard.get(node as NodeId)
      const unread = unreadMs(node as NodeId)
      if (heard === undefined) continue
      answer.nodes[node] = {
        at: heard.atMs,
        offset: clockOffset(heard),
        ...(unread === undefined ? {} : { unread: Math.round(unread) }),
      }
    }
    message.respond(new TextEncoder().encode(JSON.stringify(answer)))
  })

const questionIn = ({ data }: BusMessage): readonly string[] | undefined => {
  try {
    return heardQuestionSchema.parse(JSON.parse(new TextDecoder().decode(data))).nodes
  } catch {
    return undefined
  }
}

/** The median: what one heartbeat says that was long under way changes nothing. */
const clockOffset = ({ offsets }: Pick<HeardNode, 'offsets'>): number => {
  const known = offsets.filter((offset) => offset !== undefined).sort((a, b) => a - b)
  return Math.round(known[Math.floor((known.length - 1) / 2)] ?? 0)
}
