/** All that an agent needs of the outside world. main.ts wires the real ones, tests and the simulator their own. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import type { Bus, KeyValue, Log } from '@dunlin/eventstore/agent'
import type { Clock, Logger, Random } from '@dunlin/runtime/agent'
import type { Driver } from './drivers/driver.ts'
import type { HostReadings } from './metrics/host-readings.ts'
import type { Journal } from './journal/journal.ts'
import type { SecretSource } from './secrets/source.ts'

export interface AgentPorts {
  /** The agent answers at length; it asks no questions that are answered so. */
  readonly bus: Omit<Bus, 'requestMany'>
  readonly reports: Pick<Log, 'append' | 'last'>
  /** `desired.<nodeId>` by node id. */
  readonly desired: Pick<KeyValue, 'get'>
  /** `spec.<sha256>` by hash. */
  readonly specs: Pick<KeyValue, 'get'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly journal: Journal
  readonly drivers: readonly Driver[]
  /** The first attempt of an execution will probably begin in a moment. */
  readonly expectStart?: (execution: ExecutionId) => void
  /** Without it no secret is there. */
  readonly secrets?: SecretSource
  /** What the machine says of itself; absent: nothing is measured. */
  readonly host?: HostReadings
}
