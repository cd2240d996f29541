/** What tests of every package share. Only tests import it. */
export { startNatsServer } from './nats-server.ts'
export type { TestNatsServer, TestNatsServerOptions } from './nats-server.ts'
export { given, type TestedDecider, type Then } from './given.ts'
export { plug, type Plugged } from './plug.ts'
export { createVirtualClock, type VirtualClock } from './virtual-clock.ts'
