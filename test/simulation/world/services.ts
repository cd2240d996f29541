/** The services of the simulated world, each behind a plug of its own. */
import { startApi } from '@dunlin/api'
import { loadSnapshot } from '@dunlin/eventstore'
import type { MemoryStore } from '@dunlin/eventstore/memory'
import { ENGINE_FOLD, startRolloutEngine } from '@dunlin/rollout-engine'
import type { Logger, Random } from '@dunlin/runtime'
import { SCHEDULER_FOLD, startScheduler } from '@dunlin/scheduler'
import { plug, type Plugged, type VirtualClock } from '@dunlin/testkit'
import type { Role } from '../scenario/types.ts'

export interface Instance {
  readonly name: string
  readonly role: Role
  /** Frozen ones come back believing what they believed. */
  readonly plugged: Plugged
  crash(): void
}

export interface Services {
  readonly instances: readonly Instance[]
  /** Roles that are due to come back: starting one takes real time, so it waits for a pause of the clock. */
  readonly due: Role[]
  start(role: Role): Promise<void>
}

export interface ServicesOptions {
  readonly store: MemoryStore
  readonly clock: VirtualClock
  readonly random: Random
  readonly logger: Logger
  /** They look at the clock every few seconds instead of every one. */
  readonly slow: boolean
  readonly tell: (line: string) => void
}

const LEASE = { ttlMs: 10_000, renewMs: 3_000 }
const SLOW_LEASE = { ttlMs: 60_000, renewMs: 20_000 }

export const createServices = ({ store, clock, random, logger, slow, tell }: ServicesOptions): Services => {
  const instances: Instance[] = []
  const lease = slow ? SLOW_LEASE : LEASE
  let started = 0

  const begin = {
    scheduler: async (at: Plugged, owner: string) => {
      const snapshot = await loadSnapshot(store.snapshots, 'scheduler', SCHEDULER_FOLD)
      const ports = { ...at.store, clock: at.clock, random, logger }
      const lookEvery = slow ? { livenessEveryMs: 10_000 } : {}
      startScheduler(ports, { owner, lease, snapshot, snapshotEvery: Infinity, ...lookEvery })
    },
    engine: async (at: Plugged, owner: string) => {
      const snapshot = await loadSnapshot(store.snapshots, 'rollout-engine', ENGINE_FOLD)
      const ports = { ...at.store, clock: at.clock, random, logger }
      // Ticks more than 5 s apart are a pause to the judge, after which it begins to measure anew.
      const lookEvery = slow ? { tickMs: 4_000 } : {}
      startRolloutEngine(ports, { owner, lease, snapshot, snapshotEvery: Infinity, ...lookEvery })
    },
    api: async (at: Plugged) => {
      await startApi(
        { ...at.store, clock: at.clock, random, logger },
        { snapshotEvery: Infinity, probeEveryMs: 30_000 },
      )
    },
  } satisfies Record<Role, (at: Plugged, owner: string) => Promise<void>>

  return {
    instances,
    due: [],
    start: async (role) => {
      const name = `${role}-${(started += 1)}`
      const plugged = plug(store, clock)
      tell(`start ${name}`)
      await begin[role](plugged, name)
      const instance: Instance = {
        name,
        role,
        plugged,
        crash: () => {
          plugged.pull()
          const at = instances.indexOf(instance)
          if (at < 0) return
          instances.splice(at, 1)
          tell(`kill -9 ${name}`)
        },
      }
      instances.push(instance)
    },
  }
}
