/** Bus port: messages that are not kept. Heartbeats, doorbells, requests to nodes, answers to commands. */
import type { DunlinError } from '@dunlin/contracts/agent'

export interface BusMessage {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  /** Sends an answer when the sender waits for one; returns false when it does not. */
  respond(data: Uint8Array): boolean
}

export interface Subscription {
  stop(): void
}

/** A question that any number of messages answer, until whoever asked has enough. */
export interface Conversation {
  /** Sends more to `subject`, with the same address for answers. */
  say(subject: string, data: Uint8Array): void
  /** Nothing is heard any more. The other side is not told. */
  stop(): void
}

export interface ConversationHandlers {
  readonly onMessage: (message: BusMessage) => void
  /** Nobody listens where something was just sent: `no_answer`. May come more than once. */
  readonly onNobody: (error: DunlinError) => void
}

export interface Bus {
  /** Fire and forget: may be lost, repeated by nobody. */
  publish(subject: string, data: Uint8Array, headers?: Readonly<Record<string, string>>): void
  /** `subject` may end in `.>` or hold `*`. With `queue`, each message goes to one member only. */
  subscribe(
    subject: string,
    handler: (message: BusMessage) => void,
    options?: { readonly queue?: string },
  ): Subscription
  /** Throws `DunlinError` no_answer (retryable) after `timeoutMs` or at once when nobody listens. */
  request(subject: string, data: Uint8Array, timeoutMs: number): Promise<BusMessage>
  /**
   * Sends a question and hears every answer to it, in the order in which one sender sent them; one may be lost. Nothing
   * tells of an end: the answers do, or silence. Without a connection the question is lost.
   */
  requestMany(subject: string, data: Uint8Array, handlers: ConversationHandlers): Conversation
  /** Resolves when everything that was published before has reached the server. */
  flush(): Promise<void>
  /** Called with false when the connection is lost and true when it is back; a blind judge condemns nobody. */
  onLive(handler: (live: boolean) => void): Subscription
}

/** A command taken from the work queue COMMANDS; it stays queued until `done` or `refused` is called. */
export interface QueuedCommand {
  readonly subject: string
  readonly data: Uint8Array
  readonly headers: Readonly<Record<string, string>>
  readonly msgId?: string
  /** Position in COMMANDS: creation time of the stream and sequence in it. */
  readonly created: string
  readonly seq: number
  /** The effect is in the log: acknowledges, removes it from the queue. */
  done(): Promise<void>
  /**
   * It will never succeed: copies it to the dead-letter stream with the problem, then removes it. `commandId` is the id
   * that its sender was told, which is not `msgId` when that cannot be one or is missing.
   */
  refused(commandId: string, problem: Uint8Array): Promise<void>
  /** Tells the server that work goes on (a retry waits in place). */
  working(): void
}

export interface CommandQueue {
  /** Takes commands in stream order; the handler's promise bounds how many of one job are under way (one). */
  consume(handler: (command: QueuedCommand) => Promise<void>): Subscription
  /** A command that was refused before, by id, from the dead-letter stream. */
  refusal(commandId: string): Promise<Uint8Array | undefined>
}
