/**
 * All open event streams of this process. Live clients are fed once per tick with the bytes that they share; a client
 * whose position is older than the ring catches up from the log in slices and then joins, without gap or repeat.
 */
import type { Log, Recorded } from '@dunlin/eventstore'
import { every, type Clock, type Logger, type Metrics, type Timer } from '@dunlin/runtime'
import { catchUp } from './catch-up.ts'
import { entryOf } from './entry.ts'
import type { Client } from './client.ts'
import type { CompiledFilter } from './filter.ts'
import { createRing } from './ring.ts'
import type { Sink } from './sink.ts'

export interface HubOptions {
  readonly log: Log
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: Metrics
  /** Memory for recent events; 8 MiB by default. */
  readonly ringBytes?: number
  /** A client with more unread bytes than this is closed and may resume; 1 MiB by default. */
  readonly maxUnreadBytes?: number
  readonly heartbeatMs?: number
}

export interface Hub {
  /** Messages of the log, in order, each once. */
  ingest(batch: readonly Recorded[]): void
  /** A follower begins after `seq`; the first one says where this hub's knowledge begins. */
  begin(seq: number): void
  /** The log went backwards: clients are closed, and everything comes again from the beginning. */
  reset(): void
  /** Serves everything above `after` that the filter lets through; `undefined` = from now on. */
  attach(sink: Sink, after: number | undefined, filter: CompiledFilter): void
  clients(): number
  /** Ends all streams. */
  close(): void
}

/** What comes within it is written in one go. */
const TOGETHER_MS = 1

/** Why a stream ended, as the last comment on it. */
type Farewell = 'closing' | 'log rewound' | 'too slow'

export const createHub = (options: HubOptions): Hub => {
  const { log, clock, logger, metrics, maxUnreadBytes = 1024 * 1024, heartbeatMs = 15_000 } = options
  const ring = createRing(options.ringBytes ?? 8 * 1024 * 1024)
  const clients = new Set<Client>()
  let scheduled: Timer | undefined
  let closed = false

  const farewell = (client: Client, why: Farewell): void => {
    clients.delete(client)
    client.sink.write(Buffer.from(`: ${why}; resume after ${client.position}\n\n`))
    client.sink.close()
    if (why === 'too slow') metrics.add('dunlin_stream_closed_slow_total', {})
  }

  const flush = (): void => {
    scheduled = undefined
    const shared = new Map<string, { readonly bytes: Buffer; readonly count: number }>()
    for (const client of clients) {
      if (!client.live || client.position >= ring.head()) continue
      // The ring moved past a client within one tick: it goes on from the log.
      if (client.position < ring.floor()) {
        client.live = false
        void bring(client)
        continue
      }
      const key = `${client.position} ${client.filter.key}`
      let made = shared.get(key)
      if (made === undefined) {
        made = join(ring.after(client.position), client.filter)
        shared.set(key, made)
      }
      client.position = ring.head()
      send(client, made)
    }
  }

  const send = (client: Client, { bytes, count }: { readonly bytes: Buffer; readonly count: number }): void => {
    if (count === 0) return
    client.sink.write(bytes)
    metrics.add('dunlin_stream_events_total', {}, count)
    if (client.sink.unreadBytes() > maxUnreadBytes) farewell(client, 'too slow')
  }

  /**
   * An id without data raises no event and becomes the id to resume after: a client of a quiet filter need not read the
   * same history again, and one that reads to an end knows that it is there although what stands there is not for it.
   */
  const tellPosition = (client: Client): void => {
    if (clients.has(client) && client.position > 0) client.sink.write(Buffer.from(`id: ${client.position}\n\n`))
  }

  /** Reads the log until the client's position is inside the ring, then makes it live in the same turn. */
  const bring = async (client: Client): Promise<void> => {
    try {
      while (clients.has(client) && client.position < ring.floor())
        await catchUp(log, client, { until: ring.floor(), maxUnreadBytes, isOpen: () => clients.has(client) })
      if (!clients.has(client)) return
      client.live = true
      flush()
      tellPosition(client)
    } catch (error) {
      logger.warn('a stream could not read the log', { error: error instanceof Error ? error.message : String(error) })
      farewell(client, 'closing')
    }
  }

  const beat = every(clock, heartbeatMs, () => {
    for (const client of clients) {
      if (!client.live) continue
      client.sink.write(HEARTBEAT)
      tellPosition(client)
    }
  })

  return {
    ingest: (batch) => {
      for (const recorded of batch) ring.push(entryOf(recorded))
      if (clients.size > 0) scheduled ??= clock.after(TOGETHER_MS, flush)
    },
    begin: (seq) => {
      if (ring.head() === 0) ring.reset(seq)
    },
    reset: () => {
      for (const client of clients) farewell(client, 'log rewound')
      ring.reset(0)
    },
    attach: (sink, after, filter) => {
      if (closed) return sink.close()
      const client: Client = { sink, filter, position: after ?? ring.head(), live: false }
      clients.add(client)
      sink.onClose(() => clients.delete(client))
      // So that the client knows at once that it is connected.
      sink.write(Buffer.from(`: following after ${client.position}\n\n`))
      void bring(client)
    },
    clients: () => clients.size,
    close: () => {
      closed = true
      beat.cancel()
      scheduled?.cancel()
      for (const client of clients) farewell(client, 'closing')
    },
  }
}

const HEARTBEAT = Buffer.from(': heartbeat\n\n')

const join = (entries: ReturnType<ReturnType<typeof createRing>['after']>, filter: CompiledFilter) => {
  const frames = entries.filter(filter.matches).flatMap((entry) => entry.frame() ?? [])
  return { bytes: frames.length === 1 ? (frames[0] as Buffer) : Buffer.concat(frames), count: frames.length }
}
