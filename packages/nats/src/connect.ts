/** All ports of a service on one connection (and a second one for large objects, opened when needed). */
import { DunlinError } from '@dunlin/contracts'
import type { Subscription, StorePorts } from '@dunlin/eventstore'
import { createBus } from './bus.ts'
import { createCommandQueue } from './commands/command-queue.ts'
import { openLink, type LinkOptions } from './connection.ts'
import { ensureStream } from './ensure-streams.ts'
import type { FollowOptions } from './follow/session.ts'
import { createKeyValue } from './kv.ts'
import { createLog } from './log.ts'
import { createObjects, lazyLink } from './objects.ts'
import { probeServer, type Probe } from './probe.ts'
import { createPublisher, type Publisher } from './publisher.ts'
import { ARCHIVE, DEAD, DESIRED, EVENTS, LEASES, SNAPSHOTS, SPECS, streamSpecs, type StreamOptions } from './streams.ts'

export interface StoreOptions extends LinkOptions, StreamOptions {
  /** Do not create or change streams: they are there. For accounts without the permission. Default false. */
  readonly noEnsure?: boolean
  /** Unanswered writes at most, per kind. Derived writes keep a small window, so that decisions do not queue behind them. */
  readonly windows?: { readonly log?: number; readonly desired?: number; readonly specs?: number }
  /** How long a write whose answer is missing is asked again, and how often. */
  readonly publish?: { readonly attemptMs?: number; readonly timeoutMs?: number }
  readonly follow?: FollowOptions
}

export interface ConnectedStore extends StorePorts {
  readonly probe: Probe
  isLive(): boolean
  /** Told of every loss and return of the connection. */
  onLive(handler: (live: boolean) => void): Subscription
  /** Ends all ports; writes without an answer fail with log_unavailable. */
  close(): Promise<void>
}

/**
 * Connects, probes the server, makes the streams be there.
 * @throws DunlinError log_unavailable, unsafe_server, stream_mismatch
 */
export const connectStore = async (options: StoreOptions): Promise<ConnectedStore> => {
  const link = await openLink(options)
  const publishers: Publisher[] = []
  try {
    const replicas = options.replicas ?? 1
    const probe = await probeServer(link, replicas)
    if (options.noEnsure !== true)
      await Promise.all(streamSpecs(options).map((spec) => ensureStream(link, spec, options)))

    const publisherOf = (stream: string, window: number): Publisher => {
      const publisher = createPublisher(link, { ...options.publish, stream, window })
      publishers.push(publisher)
      return publisher
    }
    const documents = (stream: string, prefix: string, window: number) =>
      createKeyValue(link, publisherOf(stream, window), { stream, prefix, windowSize: window })
    const large = lazyLink(() => openLink({ ...options, name: `${options.name} (objects)` }))
    const objects = (bucket: string) => createObjects(large, { bucket, replicas, create: options.noEnsure !== true })

    const { windows } = options
    const commands = createCommandQueue(link, publisherOf(DEAD, 64))
    return {
      log: createLog(link, publisherOf(EVENTS, windows?.log ?? 512), options.follow),
      bus: createBus(link),
      leases: documents(LEASES, '$KV.LEASES.', 64),
      desired: documents(DESIRED, 'desired.', windows?.desired ?? 256),
      specs: documents(SPECS, 'spec.', windows?.specs ?? 256),
      commands,
      snapshots: objects(SNAPSHOTS),
      archive: objects(ARCHIVE),
      probe,
      isLive: () => link.isLive(),
      onLive: (handler) => link.onLive(handler),
      close: async () => {
        await commands.close()
        for (const publisher of publishers) publisher.close()
        await Promise.all([link.close(), large.close()])
      },
    }
  } catch (error) {
    await link.close()
    throw error instanceof DunlinError ? error : new DunlinError('internal', String(error), { cause: error })
  }
}
