/**
 * The log as the server holds it, read by a plain client: every message as it lies there, with nothing of Dunlin between.
 * What the ledger needs of a commit is read by hand.
 */
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from 'nats'
import { setTimeout as delay } from 'node:timers/promises'

export interface LogEntry {
  readonly seq: number
  readonly subject: string
  readonly v: number
  readonly cmd: string
  readonly at: number
  readonly events: readonly LogEventJson[]
}

export type LogEventJson = Readonly<Record<string, unknown>> & { readonly type: string }

export interface LogReader {
  /** Everything so far, in order. */
  readonly entries: readonly LogEntry[]
  /** Reads on to what is the end now. */
  catchUp(): Promise<void>
  close(): Promise<void>
}

const WITHIN_MS = 30_000

const entryOf = (seq: number, subject: string, body: unknown): LogEntry => {
  const { v, cmd, at, ev } = body as { v: number; cmd: string; at: number; ev: readonly LogEventJson[] }
  return { seq, subject, v, cmd, at, events: ev }
}

export const connectLogReader = async (url: string): Promise<LogReader> => {
  const nc = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50, timeout: 2_000 })
  const entries: LogEntry[] = []

  const readOn = async (): Promise<void> => {
    const manager = await jetstreamManager(nc, { timeout: 2_000 })
    const { state } = await manager.streams.info('EVENTS')
    let next = (entries.at(-1)?.seq ?? 0) + 1
    if (next > state.last_seq) return
    const consumer = await jetstream(nc).consumers.get('EVENTS', { opt_start_seq: next })
    while (next <= state.last_seq) {
      const batch = await consumer.fetch({ max_messages: 5_000, expires: 1_000 })
      for await (const message of batch) {
        if (message.seq !== next) throw new Error(`the log goes on at ${message.seq} after ${next - 1}`)
        entries.push(entryOf(message.seq, message.subject, message.json()))
        next += 1
        if (next > state.last_seq) break
      }
    }
  }

  return {
    entries,
    catchUp: async () => {
      const deadline = performance.now() + WITHIN_MS
      for (;;) {
        try {
          return await readOn()
        } catch (error) {
          if (performance.now() > deadline) throw error
          await delay(100)
        }
      }
    },
    close: () => nc.close(),
  }
}
