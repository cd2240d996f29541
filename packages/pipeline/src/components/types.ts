// What components are made of: the interfaces behind which inputs, processors and outputs stand, and how each is
// described to the configuration's parser.
import type { z } from 'zod'
import type { PipelineProblem } from '../lint/problem.ts'
import type { MappingPorts } from '../mapping/compile/frame.ts'
import type { Message } from '../mapping/message.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Where `stdout` writes: a writable stream of Node is one. */
export interface TextSink {
  write(chunk: string, callback: (error?: Error | null) => void): unknown
}

/** What survives a restart of the pipeline; the input decides what is in it. */
export interface StatePort {
  load(): unknown
  save(state: unknown): void
}

/** The outside world of a pipeline. */
export interface PipelinePorts extends MappingPorts {
  /** A clock that never goes back. */
  monotonicMs(): number
  readonly stdout: TextSink
  /** Where a path of the configuration lies on this machine. */
  mapPath(path: string): string
  readonly state?: StatePort
  log(level: LogLevel, message: string, fields: Record<string, unknown>): void
}

/** Whether a component can do its work right now, and if not, why. */
export type ConnectionStatus = { readonly connected: true } | { readonly connected: false; readonly reason: string }

/** What an input read: a message, or something that could not become one. */
export type InputItem =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'unreadable'; readonly reason: string }

export interface InputBatch {
  readonly items: readonly InputItem[]
  /** Called once everything in the batch has been delivered or dropped: it will not be read again. */
  commit(): void
}

export interface Input {
  /** Waits for something to read; undefined at the end of a bounded input or once the signal is aborted. */
  next(signal: AbortSignal): Promise<InputBatch | undefined>
  status(): ConnectionStatus
  close(): Promise<void>
}

/** Gives the messages that go on: none for a deleted one. A failed message goes on flagged. */
export type Processor = (message: Message) => readonly Message[]

export interface Output {
  /** @throws when the messages were not delivered; they will be offered again */
  write(messages: readonly Message[]): Promise<void>
  close(): Promise<void>
}

/** How a kind of component is configured and made. */
export interface ComponentSpec<Made> {
  readonly schema: z.ZodType
  /** The fields at a place inside the component, for suggestions. */
  readonly fields: (at: readonly PropertyKey[]) => readonly string[]
  /** Everything the schema cannot say; `path` is where the component's settings stand. */
  readonly check?: (settings: unknown, path: string) => readonly PipelineProblem[]
  readonly create: (settings: unknown, context: ComponentContext) => Made
}

export interface ComponentContext {
  readonly ports: PipelinePorts
  readonly label: string
  /** Where the component stands in the configuration. */
  readonly path: string
}
