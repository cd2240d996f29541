/** The only code that knows NATS. */
export * from './agent.ts'
export { credentialsFrom, readSecretFile } from './auth/files.ts'
export { connectStore, type ConnectedStore, type StoreOptions } from './connect.ts'
export { type FollowOptions } from './follow/session.ts'
export { type Probe } from './probe.ts'
export { streamSpecs, type StreamOptions, type StreamSpec } from './streams.ts'
