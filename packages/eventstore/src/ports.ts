/** All that a service needs of the outside world besides time, randomness and a logger. */
import type { Bus, CommandQueue } from './bus.ts'
import type { DocumentStore, KeyValue, ObjectStore } from './kv.ts'
import type { Log } from './log.ts'

export interface StorePorts {
  readonly log: Log
  readonly bus: Bus
  /** Ownership of roles; entries vanish by themselves when they are not renewed. */
  readonly leases: KeyValue
  /** `desired.<nodeId>` by node id; every write rings `doorbell.<nodeId>` with the document. */
  readonly desired: DocumentStore
  /** `spec.<sha256>` by hash. */
  readonly specs: DocumentStore
  readonly commands: CommandQueue
  readonly snapshots: ObjectStore
  readonly archive: ObjectStore
}
