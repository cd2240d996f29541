/** Any NATS client that sends commands by subject: it knows the protocol's words and nothing else of Dunlin. */
import { connect, headers, type NatsConnection } from 'nats'
import { until } from './system.ts'

export interface Outcome {
  readonly ok: boolean
  readonly command_id: string
  readonly seq?: number
  readonly job_id?: string
  readonly version?: number
  readonly revision?: number
  readonly unchanged?: boolean
  readonly error?: {
    readonly code: string
    readonly retryable: boolean
    readonly detail?: string
    readonly hint?: string
  }
}

export interface SendOptions {
  readonly id?: string
  readonly replyTo?: string
}

/** What the server answers to a message that a stream takes. */
interface Stored {
  readonly stream: string
  readonly seq: number
  readonly duplicate?: boolean
}

export interface CommandClient {
  readonly nc: NatsConnection
  /** Resolves when COMMANDS has it. Text and bytes go as they are, anything else as JSON. */
  send(subject: string, body: unknown, options?: SendOptions): Promise<Stored>
  /** Sends the id again until the queue takes it as a new message: its window for equal ids has passed. */
  sendAgain(subject: string, body: unknown, id: string): Promise<Stored>
  /** Every answer on `outcome.<id>` so far. */
  outcomes(id: string): readonly Outcome[]
  /** The answer, or the `nth` one. */
  outcome(id: string, nth?: number): Promise<Outcome>
  /** Sends with an inbox and waits for the answer there. */
  ask(subject: string, body: unknown, options?: Pick<SendOptions, 'id'>): Promise<Outcome>
  close(): Promise<void>
}

const bytesOf = (body: unknown): string | Uint8Array =>
  typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)

export const connectCommands = async (url: string): Promise<CommandClient> => {
  const nc = await connect({ servers: url })
  const heard = new Map<string, Outcome[]>()
  const hear = (outcome: Outcome): void => {
    const known = heard.get(outcome.command_id)
    if (known === undefined) heard.set(outcome.command_id, [outcome])
    else known.push(outcome)
  }
  nc.subscribe('outcome.>', {
    callback: (error, message) => {
      if (error === null) hear(message.json<Outcome>())
    },
  })
  await nc.flush()
  const send: CommandClient['send'] = async (subject, body, { id, replyTo } = {}) => {
    const head = headers()
    if (id !== undefined) head.set('Nats-Msg-Id', id)
    if (replyTo !== undefined) head.set('Dunlin-Reply-To', replyTo)
    const answer = await nc.request(subject, bytesOf(body), { headers: head, timeout: 20_000 })
    const stored = answer.json<Stored & { readonly error?: unknown }>()
    if (stored.error !== undefined) throw new Error(JSON.stringify(stored.error))
    return stored
  }
  return {
    nc,
    send,
    sendAgain: (subject, body, id) =>
      until(`the queue takes ${id} again`, async () => {
        const stored = await send(subject, body, { id })
        return stored.duplicate === true ? undefined : stored
      }),
    outcomes: (id) => heard.get(id) ?? [],
    outcome: (id, nth = 1) => until(`answer ${nth} to ${id}`, () => heard.get(id)?.[nth - 1]),
    ask: async (subject, body, options = {}) => {
      const inbox = `_INBOX.e2e.${crypto.randomUUID()}`
      const { promise, resolve, reject } = Promise.withResolvers<Outcome>()
      nc.subscribe(inbox, {
        max: 1,
        timeout: 30_000,
        callback: (error, message) => (error === null ? resolve(message.json<Outcome>()) : reject(error)),
      })
      await send(subject, body, { ...options, replyTo: inbox })
      return promise
    },
    close: () => nc.close(),
  }
}
