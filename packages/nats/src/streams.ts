/** All streams and buckets as plain data: what we ask of the server. docs/protocol.md says what each is for. */

const SECOND = 1_000_000_000
const MIB = 1024 * 1024

export const EVENTS = 'EVENTS'
export const DESIRED = 'DESIRED'
export const COMMANDS_STREAM = 'COMMANDS'
export const DEAD = 'DEAD'
export const SPECS = 'SPECS'
export const LEASES = 'KV_LEASES'
/** Buckets of the object store; their streams are made by its own client on first use. */
export const SNAPSHOTS = 'SNAPSHOTS'
export const ARCHIVE = 'ARCHIVE'

/** Longer than `timeoutMs` of the publisher: a repeat is always recognised. */
const EVENTS_DUPLICATE_WINDOW_MS = 30_000
/** A lease vanishes this long after its last renewal. The oldest server we run on has no time to live per key. */
const LEASE_TTL_MS = 10_000

/** The JetStream stream configuration, as far as we ask for anything. Durations are nanoseconds, as on the wire. */
export interface StreamSpec {
  readonly name: string
  readonly description: string
  readonly subjects: readonly string[]
  readonly retention: 'limits' | 'workqueue'
  readonly storage: 'file' | 'memory'
  readonly discard: 'new' | 'old'
  readonly max_age: number
  readonly max_bytes: number
  readonly max_msgs_per_subject: number
  readonly duplicate_window: number
  readonly allow_direct: boolean
  readonly allow_rollup_hdrs: boolean
  readonly deny_delete: boolean
  readonly num_replicas: number
  readonly republish?: { readonly src: string; readonly dest: string }
}

const base = {
  retention: 'limits',
  storage: 'file',
  discard: 'new',
  max_age: 0,
  max_bytes: -1,
  max_msgs_per_subject: -1,
  duplicate_window: 100_000_000,
  allow_direct: true,
  allow_rollup_hdrs: false,
  deny_delete: false,
  num_replicas: 1,
} as const

export interface StreamOptions {
  /** Copies of every stream; more than 1 needs nats-server 2.11. Default 1. */
  readonly replicas?: number
  /** Limit of the log in bytes, reserved on the server's disk. Default 2 GiB. */
  readonly maxBytes?: number
}

export const streamSpecs = (options: StreamOptions = {}): readonly StreamSpec[] => {
  const common = { ...base, num_replicas: options.replicas ?? 1 }
  return [
    {
      ...common,
      name: EVENTS,
      description: 'Dunlin: the log',
      subjects: ['evt.>'],
      max_bytes: options.maxBytes ?? 2048 * MIB,
      duplicate_window: EVENTS_DUPLICATE_WINDOW_MS * 1_000_000,
    },
    {
      ...common,
      name: DESIRED,
      description: 'Dunlin: the desired document of each node',
      subjects: ['desired.*'],
      discard: 'old',
      max_msgs_per_subject: 1,
      republish: { src: 'desired.*', dest: 'doorbell.{{wildcard(1)}}' },
    },
    {
      ...common,
      name: COMMANDS_STREAM,
      description: 'Dunlin: commands that wait to be decided',
      subjects: ['cmd.>'],
      retention: 'workqueue',
      max_bytes: 256 * MIB,
    },
    {
      ...common,
      name: DEAD,
      description: 'Dunlin: refused commands, with the reason',
      subjects: ['dead.>'],
      discard: 'old',
      max_age: 7 * 24 * 3600 * SECOND,
      max_bytes: 64 * MIB,
    },
    {
      ...common,
      name: SPECS,
      description: 'Dunlin: spec bodies by content hash',
      subjects: ['spec.*'],
      discard: 'old',
      max_msgs_per_subject: 1,
    },
    {
      ...common,
      name: LEASES,
      description: 'Dunlin: who holds which role',
      subjects: ['$KV.LEASES.>'],
      max_age: LEASE_TTL_MS * 1_000_000,
      max_msgs_per_subject: 1,
      allow_rollup_hdrs: true,
    },
  ]
}
