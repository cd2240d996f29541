/**
 * What an agent needs of the log, with core NATS only: it appends to its own report subject and reads its document and
 * specs by direct get per subject, which permissions can grant per node and which costs the server no consumer.
 */
import type { Bus, KeyValue, Log, Subscription } from '@dunlin/eventstore/agent'
import { appendTo } from './append.ts'
import { asDunlinError, requestLog } from './api.ts'
import { guardedBus } from './auth/guard.ts'
import { createBus } from './bus.ts'
import { openLink, type Credentials, type Link, type LinkOptions } from './connection.ts'
import { isMarker } from './marker.ts'
import { createPublisher } from './publisher.ts'
import { getLastDirect, type Stored } from './stored.ts'
import { DESIRED, EVENTS, SPECS } from './streams.ts'
import { contentSubject, desiredSubject, nodeInbox, specSubject } from './subjects.ts'

export interface AgentOptions extends Omit<LinkOptions, 'credentials' | 'inboxPrefix'> {
  /** Of a node that has joined. Absent: the server lets everybody do everything. */
  readonly identity?: { readonly node: string; readonly credentials: Credentials } | undefined
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
  const { identity } = options
  const link = await openLink({
    ...options,
    ...(identity === undefined ? {} : { credentials: identity.credentials, inboxPrefix: nodeInbox(identity.node) }),
  })
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
  const desired = documents(DESIRED, desiredSubject)
  return {
    bus: identity === undefined ? createBus(link) : guardedBus(link, identity.node, desired),
    reports: { last, append: (request) => appendTo({ stream: EVENTS, publisher, behind: last }, request) },
    desired,
    specs: identity === undefined ? documents(SPECS, specSubject) : { get: (key) => askContent(link, key) },
    isLive: () => link.isLive(),
    onLive: (handler) => link.onLive(handler),
    close: async () => {
      publisher.close()
      await link.close()
    },
  }
}

/**
 * A node with a credential asks the centre: a direct get could not be allowed without allowing wildcards in it, and those
 * would show it what others run. An empty answer says that there is no such content.
 */
const askContent = async (link: Link, key: string): ReturnType<KeyValue['get']> => {
  const { data } = await requestLog(link, contentSubject(key))
  return data.byteLength === 0 ? undefined : { key, value: data, revision: 0 }
}
