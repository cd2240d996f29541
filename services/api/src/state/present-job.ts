/** The job that somebody asks about, or the reason why it cannot be shown. */
import { DunlinError, type JobKey } from '@dunlin/contracts'
import { isLive, type Job, type PresentJob } from '@dunlin/domain'
import { conditionError, type Aggregate } from '@dunlin/eventstore'
import type { ApiState } from './api-state.ts'

/** Throws job_not_found, or log_gap or needs_upgrade: where commits cannot be read, nobody knows that there is no job. */
export const presentJob = (
  state: Pick<ApiState, 'job'>,
  key: JobKey,
): { readonly aggregate: Aggregate<Job>; readonly job: PresentJob } => {
  const aggregate = state.job(key)
  if (aggregate !== undefined && isLive(aggregate.state)) return { aggregate, job: aggregate.state }
  const blocked = aggregate === undefined ? undefined : conditionError(aggregate.condition)
  throw blocked ?? new DunlinError('job_not_found', `There is no job ${key.namespace}/${key.name}.`)
}
