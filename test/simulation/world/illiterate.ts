/** Nodes that beat on, and neither read their documents nor hear of them: the ports of the agents, with that in between. */
import type { NodeId } from '@dunlin/contracts'
import type { Bus, KeyValue } from '@dunlin/eventstore'
import { doorbellSubject } from '@dunlin/nats'

export interface Illiterate {
  readonly ports: { readonly bus: Bus; readonly desired: Pick<KeyValue, 'get'> }
  /** Until it is told otherwise. */
  readonly stopReading: (node: NodeId, stops: boolean) => void
  readonly readsNothing: (node: string) => boolean
}

export const createIlliterate = (
  store: { readonly bus: Bus; readonly desired: Pick<KeyValue, 'get'> },
  tell: (line: string) => void,
): Illiterate => {
  const nodes = new Set<string>()
  const doorbells = new Set<string>()
  return {
    ports: {
      bus: {
        ...store.bus,
        subscribe: (subject, onMessage) =>
          store.bus.subscribe(subject, (message) => (doorbells.has(message.subject) ? undefined : onMessage(message))),
      },
      desired: {
        get: (key) => (nodes.has(key) ? Promise.reject(new Error('nobody answers')) : store.desired.get(key)),
      },
    },
    stopReading: (node, stops) => {
      tell(`${node} reads ${stops ? 'no documents any more' : 'documents again'}`)
      if (stops) nodes.add(node)
      else nodes.delete(node)
      if (stops) doorbells.add(doorbellSubject(node))
      else doorbells.delete(doorbellSubject(node))
    },
    readsNothing: (node) => nodes.has(node),
  }
}
