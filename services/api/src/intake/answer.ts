/** What a command is answered with: the same document by HTTP, on `outcome.<id>` and in `GET /commands/{id}`. */
import type { AcceptedView, DunlinError, JobKey, Problem, Warning } from '@dunlin/contracts'

/** A command that was applied, now or before. */
export interface Accepted {
  readonly commandId: string
  readonly key: JobKey
  /** Log sequence to wait for in order to read the own write. */
  readonly seq: number
  readonly jobId: string
  readonly version: number
  readonly revision: number
  readonly unchanged: boolean
  /** What was translated or ignored in the spec. */
  readonly warnings: readonly Warning[]
}

export const acceptedBody = (accepted: Accepted): AcceptedView => ({
  ok: true,
  command_id: accepted.commandId,
  seq: accepted.seq,
  namespace: accepted.key.namespace,
  name: accepted.key.name,
  job_id: accepted.jobId,
  version: accepted.version,
  revision: accepted.revision,
  unchanged: accepted.unchanged,
  ...(accepted.warnings.length === 0 ? {} : { warnings: [...accepted.warnings] }),
})

export const refusedBody = (commandId: string, error: DunlinError): RefusedBody => ({
  ok: false,
  command_id: commandId,
  error: error.toProblem(),
})

export interface RefusedBody {
  readonly ok: false
  readonly command_id: string
  readonly error: Problem
}
