/** Decides people's commands to a job. Pure: instants, ids and hashes are in the command. */
import type { CommandOutcome, JobId, JobSubjectEvent, Sha256 } from '@dunlin/contracts'
import { decided, refused } from '../decision.ts'
import { decideRollout, type RolloutCommand } from '../rollout/commands.ts'
import { countsOf, mayClose } from '../rollout/state.ts'
import { unchanged, type CommandHead, type JobDecision } from './command-head.ts'
import { isLive, isPresent, type Job, type PresentJob } from './state.ts'

export interface ApplyJob extends CommandHead {
  readonly verb: 'apply'
  readonly spec: Readonly<Record<string, unknown>>
  readonly specHash: Sha256
  readonly content: Sha256
  /** Used when the name is free or was deleted. */
  readonly newJobId: JobId
}
export interface StopJob extends CommandHead {
  readonly verb: 'stop'
  readonly reason?: string
}
export interface DeleteJob extends CommandHead {
  readonly verb: 'delete'
  readonly reason?: string
  readonly force: boolean
}
export type JobCommand = ApplyJob | StopJob | DeleteJob | RolloutCommand

export const decideJob = (job: Job, command: JobCommand): JobDecision => {
  const known = recall(job, command)
  if (known !== undefined) return known
  switch (command.verb) {
    case 'apply':
      return apply(job, command)
    case 'stop':
      return stop(job, command)
    case 'delete':
      return remove(job, command)
    case 'pause':
    case 'resume':
    case 'promote':
    case 'halt':
    case 'rollback':
    case 'rerun':
      return decideRollout(job, command)
    default:
      return command satisfies never
  }
}

/** A remembered id first, then the order of the queue, then expiry, then the writer's expectation. */
const recall = (job: Job, command: CommandHead): JobDecision | undefined => {
  const before = command.req === undefined ? undefined : job.commands.byId.get(command.id)
  if (before !== undefined)
    return before.req === command.req
      ? { ok: true, commits: [], result: before.outcome }
      : refused('idempotency_key_reused', undefined, { data: { command_id: command.id } })
  const { source } = job.commands
  if (command.src && source && command.src.created === source.created && command.src.seq <= source.seq)
    return refused('overtaken', `Command ${command.src.seq} came after ${source.seq} was applied`)
  if (command.notAfter !== undefined && command.at > command.notAfter) return refused('expired')
  return command.expected === undefined ? undefined : unexpected(job, command.expected)
}

const unexpected = (job: Job, expected: NonNullable<CommandHead['expected']>): JobDecision | undefined => {
  const { version, revision } = isLive(job) ? job.versions : { version: 0, revision: 0 }
  const met = 'revision' in expected ? expected.revision === revision : expected.version === version
  return met ? undefined : refused('precondition_failed', undefined, { data: { version, revision } })
}

const apply = (job: Job, command: ApplyJob): JobDecision => {
  const { spec, specHash, content } = command
  if (!isLive(job)) {
    // Versions go on counting over incarnations, so that a version names one spec for ever.
    const version = isPresent(job) ? job.versions.version + 1 : 1
    const revision = isPresent(job) ? job.versions.revision + 1 : 1
    return decided([{ type: 'JobCreated', jobId: command.newJobId, version, spec, specHash, content }], {
      version,
      revision,
      jobId: command.newJobId,
      unchanged: false,
    })
  }
  const { versions } = job
  // A stopped job that is applied again runs again, even when nothing in its spec changed.
  if (versions.specHash === specHash && versions.lifecycle === 'active') return unchanged(job, command)
  return decided([{ type: 'JobUpdated', version: versions.version + 1, spec, specHash, content }], {
    version: versions.version + 1,
    revision: versions.revision + 1,
    jobId: versions.id,
    unchanged: false,
  })
}

const stop = (job: Job, command: StopJob): JobDecision => {
  if (!isLive(job)) return refused('job_not_found')
  if (job.versions.lifecycle === 'stopped') return unchanged(job, command)
  return decided<JobSubjectEvent, CommandOutcome>(
    [{ type: 'JobStopped', ...reasonOf(command) }, ...closeRollout(job, 'the job was stopped')],
    next(job),
  )
}

/** Soft: history stays. Needs a job that has come to rest, or force. */
const remove = (job: Job, command: DeleteJob): JobDecision => {
  if (!isLive(job)) return refused('job_not_found')
  const { lifecycle, state } = job.versions
  const rests = lifecycle === 'stopped' || state.type === 'completed' || state.type === 'failed'
  if (!rests && !command.force)
    return refused('job_not_stopped', `The job is ${state.type}`, { data: { state: state.type } })
  return decided<JobSubjectEvent, CommandOutcome>(
    [{ type: 'JobDeleted', forced: command.force, ...reasonOf(command) }, ...closeRollout(job, 'the job was deleted')],
    next(job),
  )
}

const next = (job: PresentJob): CommandOutcome => ({
  version: job.versions.version,
  revision: job.versions.revision + 1,
  jobId: job.versions.id,
  unchanged: false,
})

const reasonOf = (command: { readonly reason?: string }) =>
  command.reason === undefined ? {} : { reason: command.reason }

/** Events that close the rollout under way; it is one commit with what ends it, so that nothing is granted between. */
export const closeRollout = (job: Job, reason: string): readonly JobSubjectEvent[] => {
  const { current } = job.rollouts
  if (!mayClose(current)) return []
  return [{ type: 'RolloutClosed', rollout: current.id, outcome: 'canceled', reason, counts: countsOf(current) }]
}
