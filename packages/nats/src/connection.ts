/**
 * One connection that never gives up, with its state as a value. Everything in this package hangs on a `Link`; it alone
 * turns the client's status events into "live" and "not live".
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Subscription } from '@dunlin/eventstore/agent'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, createInbox, type Authenticator, type ConnectionOptions, type NatsConnection } from 'nats'

export interface LinkOptions {
  /** `nats://host:port`, or several of them. */
  readonly url: string | readonly string[]
  /** Shown in the server's connection list. */
  readonly name: string
  readonly credentials?: Credentials
  /** Where answers arrive; a credential may allow only one of its own. Default `_INBOX`. */
  readonly inboxPrefix?: string
  /** Keep trying when no server answers at first; otherwise that throws `log_unavailable`. Default false. */
  readonly waitOnFirstConnect?: boolean
  /** Silence after which the server is asked for a sign of life; twice unanswered is a lost connection. Default 20 s. */
  readonly pingIntervalMs?: number
  /**
   * Told why there is no connection, when that is more than that nobody answers; once for each reason while it is lost.
   * `refused`: the server does not take the credentials. Connecting goes on.
   */
  readonly onTrouble?: ((reason: string, refused: boolean) => void) | undefined
  /** Longest pause between two attempts to connect again. A fleet of agents wants a long one. Default 2 s. */
  readonly maxReconnectDelayMs?: number
  /** Longest wait for a server that took the connection and then says nothing. Default 5 s. */
  readonly handshakeMs?: number
}

export type Credentials =
  | { readonly user: string; readonly pass: string }
  | { readonly token: string }
  | { readonly authenticator: Authenticator }

export interface Link {
  readonly nc: NatsConnection
  isLive(): boolean
  isClosed(): boolean
  /** A new subject for answers. */
  inbox(): string
  /** Told of every change, in the order of subscribing. */
  onLive(handler: (live: boolean) => void): Subscription
  close(): Promise<void>
}

/**
 * A pause that grows with the time since the connection was lost, with jitter, so that a fleet does not come back in
 * step. It is a function of time, not of a count: the client asks for it several times per attempt.
 */
const reconnectDelay = (maxMs: number, sinceLostMs: () => number) => (): number =>
  Math.min(maxMs, Math.max(20, sinceLostMs() / 4)) * (0.5 + Math.random() / 2)

const connectionOptions = (options: LinkOptions, sinceLostMs: () => number): ConnectionOptions => ({
  servers: typeof options.url === 'string' ? options.url : [...options.url],
  name: options.name,
  noAsyncTraces: true,
  maxReconnectAttempts: -1,
  ignoreAuthErrorAbort: true,
  pingInterval: options.pingIntervalMs ?? 20_000,
  reconnectDelayHandler: reconnectDelay(options.maxReconnectDelayMs ?? 2_000, sinceLostMs),
  // The client does not give up a handshake whose server died (`giveUpHandshake`), and would wait 20 s for its answer.
  timeout: options.handshakeMs ?? 5_000,
  ...(options.inboxPrefix === undefined ? {} : { inboxPrefix: options.inboxPrefix }),
  ...options.credentials,
})

/** The server's words for credentials that it does not take, or does not take any more. */
const REFUSAL = /authorization violation|authentication (revoked|expired|timeout)/i

/** What is said while a server is down, and needs no telling. */
const NOBODY = /refused|ECONNRE|timeout/i

/** Throws `log_unavailable` when no server answers and `waitOnFirstConnect` is not set. */
export const openLink = async (options: LinkOptions): Promise<Link> => {
  let lostAt = performance.now()
  const nc = await firstConnection(options, () => performance.now() - lostAt)
  let live = true
  let refused = false
  const handlers = new Set<(live: boolean) => void>()
  const become = (now: boolean): void => {
    if (live === now) return
    live = now
    refused = false
    if (!now) lostAt = performance.now()
    for (const handler of handlers) handler(now)
  }
  const watch = async (): Promise<void> => {
    for await (const status of nc.status()) {
      if (status.type === 'disconnect' || status.type === 'close') {
        become(false)
        giveUpHandshake(nc)
      } else if (status.type === 'reconnect') become(true)
      else if (status.type === 'error' && !refused && REFUSAL.test(status.error.message)) {
        refused = true
        options.onTrouble?.(status.error.message, true)
      }
    }
    become(false)
  }
  void watch()
  return {
    nc,
    isLive: () => live,
    isClosed: () => nc.isClosed(),
    inbox: () => createInbox(options.inboxPrefix),
    onLive: (handler) => {
      handlers.add(handler)
      return { stop: () => void handlers.delete(handler) }
    },
    close: () => nc.close(),
  }
}

/** What is looked at of the client's inside: its present socket, and the end of a handshake that waits for its answer. */
interface Inside {
  readonly protocol?: {
    readonly transport?: { readonly isClosed?: boolean }
    readonly connectError?: (error: Error) => void
  }
}

/**
 * Of a server that dies in the middle of a handshake the client hears, and then still waits for the answer until
 * `handshakeMs` is over: 5 s for each time that a server falls over while it comes back. Only where the socket that it
 * waits on is closed; the next one may be open already. A client that is made otherwise waits as before.
 */
const giveUpHandshake = (nc: NatsConnection): void => {
  // The client says nothing of it in its types.
  const { protocol } = nc as unknown as Inside
  if (protocol?.transport?.isClosed === true) protocol.connectError?.(new Error('the server closed the connection'))
}

/** The client itself would wait for its first connection without a word of why it has to. */
const firstConnection = async (options: LinkOptions, sinceLostMs: () => number): Promise<NatsConnection> => {
  const delayMs = reconnectDelay(options.maxReconnectDelayMs ?? 2_000, sinceLostMs)
  let told = ''
  for (;;) {
    try {
      return await connect(connectionOptions(options, sinceLostMs))
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause)
      if (options.waitOnFirstConnect !== true)
        throw new DunlinError('log_unavailable', `No nats-server answers at ${String(options.url)}: ${why}`, { cause })
      if (why !== told && !NOBODY.test(why)) options.onTrouble?.(why, REFUSAL.test(why))
      told = why
      await pause(delayMs())
    }
  }
}
