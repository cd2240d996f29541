/** All store ports in memory, for tests and the simulator: one server's worth of truth, shared by all who get it. */
import type { StorePorts } from '../ports.ts'
import { createMemoryBus, type BusFaults } from './bus.ts'
import { createMemoryCommands, type CommandIntake } from './commands.ts'
import { createBucket, createDocuments } from './key-value.ts'
import { createMemoryLog, type LogFaults } from './log.ts'
import { createObjects } from './objects.ts'
import { settingsOf, type MemoryStoreOptions } from './options.ts'

export type { BusFaults } from './bus.ts'
export type { CommandIntake } from './commands.ts'
export type { LogFaults, LogTap } from './log.ts'
export type { MemoryStoreOptions } from './options.ts'
export { matches } from './subject.ts'

export interface MemoryStore extends StorePorts {
  readonly faults: { readonly log: LogFaults; readonly bus: BusFaults }
  /** Where commands by subject come in. */
  readonly intake: CommandIntake
}

export const createMemoryStore = (options: MemoryStoreOptions = {}): MemoryStore => {
  const settings = settingsOf(options)
  const { log, faults: logFaults } = createMemoryLog(settings)
  const { bus, faults: busFaults } = createMemoryBus(settings)
  const { commands, intake } = createMemoryCommands(settings)
  const { doorbell } = settings
  return {
    log,
    bus,
    leases: createBucket(settings, { ttlMs: settings.leaseTtlMs }),
    desired: createDocuments(settings, doorbell && ((key, document) => bus.publish(doorbell(key), document))),
    specs: createDocuments(settings),
    commands,
    snapshots: createObjects(settings),
    archive: createObjects(settings),
    faults: { log: logFaults, bus: busFaults },
    intake,
  }
}
