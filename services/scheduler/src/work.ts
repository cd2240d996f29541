/** What the scheduler's parts share: the fleet, the one handler, time and ids, and what to do about a failure. */
import type { DunlinError } from '@dunlin/contracts'
import type { FleetKinds } from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import type { Fleet } from './fleet/fleet.ts'
import type { SchedulerPorts } from './ports.ts'

export interface Work extends SchedulerPorts {
  readonly fleet: Fleet
  readonly handler: CommandHandler<FleetKinds>
  /**
   * A step did not succeed. A retryable error marks the work again, to be done after a pause; others are logged: an
   * aggregate that is quarantined or read-only here stays as it is.
   */
  failed(step: string, key: string, error: DunlinError, again: () => void): void
}
