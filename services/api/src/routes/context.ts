/** What the routes share. */
import type { SubmitNode } from '../intake/submit-node.ts'
import type { Submit } from '../intake/submit.ts'
import type { ApiState } from '../state/api-state.ts'
import type { Hub } from '../stream/hub.ts'
import type { Bus, CommandQueue, Log, ObjectStore } from '@dunlin/eventstore'
import type { Clock, Logger, Metrics, Random, Readiness } from '@dunlin/runtime'
import type { Compact } from '../log/compact.ts'

export interface RouteContext {
  readonly state: ApiState
  readonly submit: Submit
  readonly submitNode: SubmitNode
  readonly hub: Hub
  readonly log: Log
  readonly archive: ObjectStore
  readonly bus: Bus
  readonly commands: CommandQueue
  readonly compact: Compact
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly metrics: Metrics
  readonly readiness: Readiness
  /** Throws not_ready until the log was read once, and when `minSeq` is not reached in time. */
  readonly caughtUp: (minSeq?: number) => Promise<void>
}
