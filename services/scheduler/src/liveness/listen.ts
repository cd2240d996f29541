/** Hears every heartbeat and remembers the newest of each node. Nothing is concluded here. */
import { compareGenerations, NO_GENERATION, readHeartbeat, type Generation, type NodeId } from '@dunlin/contracts'
import type { Heard } from '@dunlin/domain'
import type { Bus, BusMessage, Subscription } from '@dunlin/eventstore'
import { HEARTBEATS } from '@dunlin/nats'
import { createPace, type Clock } from '@dunlin/runtime'

export interface HeardNode extends Heard {
  readonly n: number
  /** Generation of the document that the node holds. */
  readonly holds: Generation
  /** The node's clock less this one's at the last few heartbeats, in any order. */
  readonly offsets: readonly number[]
}

export interface Listener {
  readonly heard: ReadonlyMap<NodeId, HeardNode>
  /** Nodes that were heard once, but not in the last `ms`, or that said goodbye. */
  silentFor(ms: number): NodeId[]
  /** What was heard under this id was somebody else: a node that was removed, whose id joins again with another key. */
  forget(node: NodeId): void
  /** Since when this process hears without interruption, on its monotonic clock; undefined while it is blind. */
  listeningSince(): number | undefined
  /** Highest epoch that any node has shown. */
  highestEpoch(): number
  /** Heartbeats that could not be read or spoke for another node. */
  refused(): number
  stop(): void
}

/** As many as make one late heartbeat, or one that was sent before the clock was set, not count. */
const OFFSETS_KEPT = 5

type Noted = { -readonly [K in keyof Omit<HeardNode, 'offsets'>]: HeardNode[K] } & { readonly offsets: number[] }

/**
 * Epochs rise one at a time. A node that shows one further ahead is not believed: whatever it shows, the next epoch is above
 * it, and one that is out of reach would make all others unheard. Up to `PLAIN_EPOCHS` everything is believed: a log that was
 * lost whole begins again at 1, under nodes that know the epochs of years.
 */
const EPOCHS_AHEAD = 1_000
const PLAIN_EPOCHS = 2 ** 20

/** An agent leaves 100 ms between two heartbeats; one of a mebibyte takes the room of seventeen. */
const HEARTBEATS_OF_ONE = { burst: 80, everyMs: 25 }
const BYTES_OF_ONE = 64 * 1024

export interface ListenOptions {
  /** The epoch in force, as far as is known here. */
  readonly epoch: () => number
  /** A node sends more than a node may, or what is no heartbeat of its own. */
  readonly onExcess: (node: string) => void
}

export const listen = (
  bus: Bus,
  clock: Clock,
  onHeard: (node: NodeId) => void,
  { epoch: inForce, onExcess }: ListenOptions,
): Listener => {
  const heard = new Map<NodeId, Noted>()
  const pace = createPace(clock, HEARTBEATS_OF_ONE)
  let since: number | undefined = clock.monotonicMs()
  let epoch = 0
  let refused = 0

  const onMessage = ({ subject, data }: BusMessage): void => {
    const sender = subject.slice(subject.lastIndexOf('.') + 1)
    // Before it is parsed: that is what costs.
    const read = pace.take(sender, 1 + data.byteLength / BYTES_OF_ONE) ? readHeartbeat(data) : undefined
    if (read === undefined || read.node !== sender || read.gen[0] > Math.max(PLAIN_EPOCHS, inForce() + EPOCHS_AHEAD)) {
      refused += 1
      onExcess(sender)
      return
    }
    const { node, boot, n, at, gen, bye } = read
    const before = heard.get(node)
    const atMono = clock.monotonicMs()
    const atMs = clock.nowMs()
    if (before === undefined || before.boot !== boot) {
      heard.set(node, { boot, n, holds: gen, bye: bye === true, atMono, atMs, offsets: [at - atMs] })
    } else {
      // Within a boot the highest number is the newest, whatever the order of arrival.
      if (before.n >= n) return
      // In place: each of 10,000 new entries a second would grow old before it is dropped.
      before.n = n
      before.bye = bye === true
      before.atMono = atMono
      before.atMs = atMs
      before.offsets[n % OFFSETS_KEPT] = at - atMs
      if (compareGenerations(gen, before.holds) > 0) before.holds = gen
    }
    epoch = Math.max(epoch, gen[0])
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
    forget: (node) => void heard.delete(node),
    listeningSince: () => since,
    highestEpoch: () => Math.max(epoch, NO_GENERATION[0]),
    refused: () => refused,
    stop: () => subscriptions.forEach((subscription) => subscription.stop()),
  }
}
