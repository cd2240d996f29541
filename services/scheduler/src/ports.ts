/** What the scheduler needs of the outside world. */
import type { StorePorts } from '@dunlin/eventstore'
import type { Clock, Logger, Random } from '@dunlin/runtime'

export interface SchedulerPorts extends StorePorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}
