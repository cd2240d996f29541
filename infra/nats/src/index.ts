/** One door: find a nats-server (or fetch one), and run it. */
export { findNatsServer, NatsServerNotFoundError } from './find-server.ts'
export type { FindOptions, FoundNatsServer } from './find-server.ts'
export { NatsServerStartError } from './server-config.ts'
export { startServer } from './start-server.ts'
export type { NatsServer, NatsServerOptions } from './start-server.ts'
export { NATS_SERVER_VERSION } from './version.ts'
