/**
 * What an agent needs of the log, with core NATS only: it appends to its own report subject and reads its document and
 * specs by direct get per subject, which permissions can grant per node and which costs the server no consumer.
 */
import type { Bus, KeyValue, Log, Subscription } from '@dunlin/eventstore/agent'
import { appendTo } from './append.ts'
import { asDunlinError } from './api.ts'
import { createBus } from './bus.ts'
import { openLink, type LinkOptions } from './connection.ts'
import { isMarker } from './marker.ts'
import { createPublisher } from './publisher.ts'
import { getLastDirect, type Stored } from './stored.ts'
import { DESIRED, EVENTS, SPECS } from './streams.ts'
import { desiredSubject, specSubject } from './subjects.ts'

export interface AgentOptions extends LinkOptions {
  /** Unanswered reports at most; an agent has one subject, so more than a few never happen. Default 16. */
  readonly window?: number
  readonly publish?: { readonly attemptMs?: number; readonly timeoutMs?: number }
}

export interface ConnectedAgent {
  readonly bus: Bus
  /** `last` may lag behind an acknowledged append on a server with replicas; the compare-and-set notices. */
  readonly reports: Pick<Log, 'append' | 'last'>
  readonly desired: Pick<KeyValue, 'get'>
  readonly specs: Pick<KeyValue, 'get'>
  isLive(): boolean
  onLive(handler: (live: boolean) => void): Subscription
  close(): Promise<void>
}

/** @throws DunlinError log_unavailable when no server answers and `waitOnFirstConnect` is not set */
export const connectAgent = async (options: AgentOptions): Promise<ConnectedAgent> => {
  const link = await openLink(options)
  const publisher = createPublisher(link, { ...options.publish, stream: EVENTS, window: options.window ?? 16 })
  const direct = async (stream: string, subject: string): Promise<Stored | undefined> => {
    try {
      return await getLastDirect(link, stream, subject)
    } catch (error) {
      throw asDunlinError(error)
    }
  }
  const documents = (stream: string, subjectOf: (key: string) => string): Pick<KeyValue, 'get'> => ({
    get: async (key) => {
      const stored = await direct(stream, subjectOf(key))
      return stored === undefined || isMarker(stored) ? undefined : { key, value: stored.data, revision: stored.seq }
    },
  })
  const last = (subject: string): Promise<Stored | undefined> => direct(EVENTS, subject)
  return {
    bus: createBus(link),
    reports: { last, append: (request) => appendTo({ stream: EVENTS, publisher, behind: last }, request) },
    desired: documents(DESIRED, desiredSubject),
    specs: documents(SPECS, specSubject),
    isLive: () => link.isLive(),
    onLive: (handler) => link.onLive(handler),
    close: async () => {
      publisher.close()
      await link.close()
    },
  }
}
