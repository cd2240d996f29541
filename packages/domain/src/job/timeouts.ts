/** The limits of a job's life that the centre keeps. The node keeps `execution_timeout`, also offline. */
import { durationMs, type JobSubjectEvent, type JobTimedOut } from '@dunlin/contracts'
import { closeRollout } from './decide.ts'
import { isPresent, type Job } from './state.ts'

export interface Timeout {
  readonly timeout: JobTimedOut['timeout']
  /** Milliseconds since the epoch. */
  readonly at: number
}

interface Limits {
  readonly queue_timeout?: string
  readonly total_timeout?: string
}

/** The limit that the job runs into next; found from the state alone, so that a timer can be set again after a restart. */
export const nextTimeout = (job: Job): Timeout | undefined => {
  if (!isPresent(job) || job.versions.lifecycle !== 'active') return undefined
  const { spec, state, queuedAt, history, updatedAt } = job.versions
  // What has come to an end has no time limit any more.
  if (state.type === 'completed' || state.type === 'failed') return undefined
  const limits = spec['timeouts'] as Limits | undefined
  if (limits === undefined) return undefined
  const total = limitOf('total', limits.total_timeout, history.at(-1)?.at ?? updatedAt)
  const queue = queuedAt === undefined ? undefined : limitOf('queue', limits.queue_timeout, queuedAt)
  if (total === undefined || queue === undefined) return total ?? queue
  return queue.at < total.at ? queue : total
}

/** Zero is none; so is what a later release may write there and this one cannot read. */
const limitOf = (timeout: Timeout['timeout'], text: string | undefined, from: number): Timeout | undefined => {
  const ms = text === undefined ? 0 : millis(text)
  return ms === 0 ? undefined : { timeout, at: from + ms }
}

const millis = (text: string): number => {
  try {
    return durationMs(text)
  } catch {
    return 0
  }
}

/** Nothing when it is not due: a timer that fires late, twice or for a job that moved on does no harm. */
export const decideTimeout = (job: Job, nowMs: number): readonly JobSubjectEvent[] => {
  const next = nextTimeout(job)
  if (next === undefined || nowMs < next.at || !isPresent(job)) return []
  const reason = `the ${next.timeout} timeout of the job ran out`
  return [{ type: 'JobTimedOut', timeout: next.timeout, version: job.versions.version }, ...closeRollout(job, reason)]
}
