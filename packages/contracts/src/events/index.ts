/** Every event of the log, by the kind of subject it stands on. */
import { jobEventSchemas, type JobEvent } from './job.ts'
import { logEventSchemas, type LogOwnEvent } from './log.ts'
import { nodeEventSchemas, type NodeEvent } from './node.ts'
import { placementEventSchemas, type PlacementEvent } from './placement.ts'
import { reportEventSchemas, type ReportEvent } from './report.ts'
import { tokenEventSchemas, type TokenEvent } from './token.ts'
import { rolloutEventSchemas, type RolloutEvent } from './rollout.ts'

/** Three writers share a job's subject, each for its own part. */
export type JobSubjectEvent = JobEvent | PlacementEvent | RolloutEvent
export type LogEvent = JobSubjectEvent | NodeEvent | TokenEvent | ReportEvent | LogOwnEvent

export const eventSchemas = [
  ...jobEventSchemas,
  ...placementEventSchemas,
  ...rolloutEventSchemas,
  ...nodeEventSchemas,
  ...tokenEventSchemas,
  ...reportEventSchemas,
  ...logEventSchemas,
] as const

const typesOf = (
  schemas: readonly { readonly shape: { readonly type: { readonly def: { readonly values: readonly string[] } } } }[],
) => schemas.map((schema) => schema.shape.type.def.values[0] ?? '')

/** Event types by kind of subject: a fold that meets another one is older than the writer. */
export const eventTypes = {
  job: typesOf([...jobEventSchemas, ...placementEventSchemas, ...rolloutEventSchemas]),
  node: typesOf(nodeEventSchemas),
  token: typesOf(tokenEventSchemas),
  report: typesOf(reportEventSchemas),
  log: typesOf(logEventSchemas),
} as const
