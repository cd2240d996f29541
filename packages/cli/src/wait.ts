/** Waits until a job has come to rest at a version, telling each change on standard error; gives the exit code for it. */
import type { Client } from '@dunlin/client'
import type { JobDetailView, JobKey } from '@dunlin/contracts'
import { exitCodes } from './exit-codes.ts'
import type { Io } from './io.ts'
import { paintState } from './output/state.ts'
import { haltText } from './rollout/describe-rollout.ts'

export interface WaitOptions {
  readonly version: number
  /** Log sequence of the command: its effect is visible from there on. */
  readonly sinceSeq: number
  readonly timeoutMs: number
}

/**
 * Undefined while the version is on its way. A state that was recorded for an earlier version does not count: the version
 * must have been placed, and the rollout must be one of its content.
 */
export const settled = ({ status: job }: JobDetailView, version: number): number | undefined => {
  // Halted and rolled back by itself: the version has failed, whatever runs now.
  if (job.versions.some((one) => one.rolled_back_from === version)) return exitCodes.rolloutFailed
  if (job.version > version) return exitCodes.conflict
  // A time limit of the job has ended it; which one says why.
  if (job.lifecycle === 'failed')
    return job.state.reason === 'queue_timeout' ? exitCodes.notPlaced : exitCodes.rolloutFailed
  if (job.lifecycle !== 'active') return exitCodes.conflict
  if (job.placement?.version !== version || job.rollout === undefined) return undefined
  const contentOf = (of: number): string | undefined => job.versions.find((one) => one.version === of)?.content
  if (contentOf(job.rollout.version) !== contentOf(version)) return undefined
  // The same content again: the rollout that brought it before says nothing of this one.
  if (job.rollout.version < version && job.versions.some((one) => one.version === version && one.rerun))
    return undefined
  // Nothing more happens before a person promotes it.
  if (job.rollout.holds?.some(({ hold }) => hold === 'canary')) return exitCodes.held
  if (job.rollout.phase === 'planning' || job.rollout.phase === 'running') return undefined
  switch (job.state.state_type) {
    case 'running':
    case 'completed':
      return exitCodes.ok
    case 'failed':
    case 'degraded':
    case 'rollout_failed':
      return exitCodes.rolloutFailed
    default:
      return undefined
  }
}

/** Why the rollout of a version halted, also when the job has moved on since: it may have been rolled back already. */
export const haltOf = ({ status: job }: JobDetailView, version: number): string | undefined => {
  const rollouts = [...job.past_rollouts, ...(job.rollout === undefined ? [] : [job.rollout])]
  const halted = rollouts.find((one) => one.version === version)?.halted
  return halted && haltText(halted)
}

export const waitForJob = async (client: Client, io: Io, key: JobKey, options: WaitOptions): Promise<number> => {
  const timeout = AbortSignal.timeout(options.timeoutMs)
  const signal = AbortSignal.any([timeout, io.interrupted])
  let told = ''
  let last: JobDetailView | undefined
  const look = async (minSeq: number): Promise<number | undefined> => {
    last = await client.jobs.get(key, { min_seq: minSeq }, { signal })
    const text = `${paintState(io, last.status.state.state_type, 'err')}  ${last.status.state.message}`
    if (text !== told) io.err(`${text}\n`)
    told = text
    const code = settled(last, options.version)
    const why = code === undefined ? undefined : haltOf(last, options.version)
    if (why !== undefined) io.err(`${io.styleErr('red', `version ${options.version} halted`)}  ${why}\n`)
    return code
  }
  try {
    const now = await look(options.sinceSeq)
    if (now !== undefined) return now
    const follow = { since: options.sinceSeq, signal, onLost: () => io.err('connection lost, trying again\n') }
    for await (const event of client.events({ namespace: key.namespace, job: key.name }, follow)) {
      // A report changes nothing here; what follows from it comes as a commit of the job.
      if (event.kind !== 'job' || event.seq <= options.sinceSeq) continue
      const code = await look(event.seq)
      if (code !== undefined) return code
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (io.interrupted.aborted) return exitCodes.interrupted
  io.err(`${io.styleErr('yellow', 'timed out')} after ${options.timeoutMs / 1000} s; the work goes on\n`)
  return last?.status.state.state_type === 'queued' ? exitCodes.notPlaced : exitCodes.waitTimedOut
}
