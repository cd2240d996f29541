/** A typed client of the Dunlin API: HTTP calls and the resuming event stream. */
export {
  createClient,
  type CallOptions,
  type Client,
  type CommandOptions,
  type NodeCommandOptions,
  type SpecInput,
} from './client.ts'
export type { FollowOptions } from './follow.ts'
export type { LogsOptions } from './logs.ts'
export { type ClientOptions, type Fetch } from './request.ts'
export { createSseParser, readServerSentEvents, type ServerSentEvent } from './sse.ts'
