/** What the rollout engine needs of the outside world. */
import type { StorePorts } from '@dunlin/eventstore'
import type { Clock, Logger, Random } from '@dunlin/runtime'

export interface EnginePorts extends StorePorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}
