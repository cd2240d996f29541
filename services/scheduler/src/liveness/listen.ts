/** Hears every heartbeat and remembers the newest of each node. Nothing is concluded here. */
import { compareGenerations, heartbeatSchema, NO_GENERATION, type Generation, type NodeId } from '@dunlin/contracts'
import type { Heard } from '@dunlin/domain'
import type { Bus, BusMessage, Subscription } from '@dunlin/eventstore'
import { HEARTBEATS } from '@dunlin/nats'
import type { Clock } from '@dunlin/runtime'

export interface HeardNode extends Heard {
  readonly n: number
  /** Generation of the document that the node holds. */
  readonly holds: Generation
}

export interface Listener {
  readonly heard: ReadonlyMap<NodeId, HeardNode>
  /** Nodes that were heard once, but not in the last `ms`, or that said goodbye. */
  silentFor(ms: number): NodeId[]
  /** Since when this process hears without interruption, on its monotonic clock; undefined while it is blind. */
  listeningSince(): number | undefined
  /** Highest epoch that any node has shown. */
  highestEpoch(): number
  /** Heartbeats that could not be read or spoke for another node. */
  refused(): number
  stop(): void
}

/** Epochs rise one at a time; a node that shows a higher one is not believed, so that there is always room above. */
const HIGHEST_EPOCH = 2 ** 40

const decoder = new TextDecoder()
const parse = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data))
  } catch {
    return undefined
  }
}

export const listen = (bus: Bus, clock: Clock, onHeard: (node: NodeId) => void): Listener => {
  const heard = new Map<NodeId, HeardNode>()
  let since: number | undefined = clock.monotonicMs()
  let epoch = 0
  let refused = 0

  const onMessage = (message: BusMessage): void => {
    const read = heartbeatSchema.safeParse(parse(message.data))
    if (!read.success || !message.subject.endsWith(`.${read.data.node}`) || read.data.gen[0] > HIGHEST_EPOCH) {
      refused += 1
      return
    }
    const { node, boot, n, gen, bye } = read.data
    const before = heard.get(node)
    // Within a boot the highest number is the newest, whatever the order of arrival.
    if (before !== undefined && before.boot === boot && before.n >= n) return
    const holds: Generation =
      before !== undefined && compareGenerations(before.holds, gen) > 0 && before.boot === boot ? before.holds : gen
    epoch = Math.max(epoch, holds[0])
    heard.set(node, { boot, n, holds, bye: bye === true, atMono: clock.monotonicMs(), atMs: clock.nowMs() })
    onHeard(node)
  }

  const subscriptions: Subscription[] = [
    bus.subscribe(HEARTBEATS, onMessage),
    bus.onLive((live) => {
      since = live ? clock.monotonicMs() : undefined
    }),
  ]
  return {
    heard,
    silentFor: (ms) => {
      const before = clock.monotonicMs() - ms
      const silent: NodeId[] = []
      for (const [node, { atMono, bye }] of heard) if (bye || atMono < before) silent.push(node)
      return silent
    },
    listeningSince: () => since,
    highestEpoch: () => Math.max(epoch, NO_GENERATION[0]),
    refused: () => refused,
    stop: () => subscriptions.forEach((subscription) => subscription.stop()),
  }
}
