/** Folds the commits of a job's subject: its own events here, those of placement and rollouts in their folders. */
import type { Commit, JobEvent, JobSubjectEvent, JobTimedOut, JobUpdated } from '@dunlin/contracts'
import type { CommitContext } from '../commit-context.ts'
import { evolvePlacement } from '../placement/evolve.ts'
import { evolveRollouts, isRolloutEvent, releaseAll, releaseNodes } from '../rollout/evolve.ts'
import { noRollouts } from '../rollout/state.ts'
import { noteSource, remember } from './remembered.ts'
import { isPresent, outcomeOf, VERSIONS_KEPT, type Job, type JobState, type VersionRecord } from './state.ts'

/** Changes `job` in place and returns it. */
export const foldJobCommit = (job: Job, commit: Commit<JobSubjectEvent>, seq: number): Job => {
  const context: CommitContext = { seq, at: commit.at, by: commit.by }
  for (const event of commit.ev) evolveJob(job, event, context)
  if (commit.src !== undefined) noteSource(job.commands, commit.src)
  if (commit.req !== undefined && isPresent(job)) {
    const noted = commit.ev.find((event) => event.type === 'CommandNoted')
    const outcome = noted?.type === 'CommandNoted' ? noted.outcome : outcomeOf(job, false)
    remember(job.commands, { id: commit.cmd, req: commit.req, at: commit.at, seq, outcome })
  }
  return job
}

export const evolveJob = (job: Job, event: JobSubjectEvent, context: CommitContext): void => {
  if (event.type === 'PlacementChanged' || event.type === 'PlacementCompleted')
    return releaseNodes(job.rollouts, evolvePlacement(job.placement, event, context))
  if (isRolloutEvent(event))
    return evolveRollouts(job.rollouts, event, context, isPresent(job) ? job.versions.spec : {})
  evolveVersions(job, event, context)
}

const evolveVersions = (job: Job, event: JobEvent, context: CommitContext): void => {
  const { versions } = job
  switch (event.type) {
    case 'JobCreated': {
      const history = versions.is === 'present' ? versions.history : []
      // Fallback, evidence and remembered rollouts belong to one incarnation; versions go on counting.
      job.rollouts = noRollouts()
      job.placement = { nodes: new Set(), removed: [] }
      job.versions = {
        is: 'present',
        lifecycle: 'active',
        id: event.jobId,
        version: event.version,
        revision: versions.is === 'present' ? versions.revision + 1 : 1,
        spec: event.spec,
        specHash: event.specHash,
        content: event.content,
        createdAt: context.at,
        updatedAt: context.at,
        state: accepted(context.at),
        history: keep(history, record(event, context)),
      }
      return
    }
    case 'JobUpdated':
      if (versions.is === 'absent') return
      versions.lifecycle = 'active'
      versions.version = event.version
      versions.revision += 1
      versions.spec = event.spec
      versions.specHash = event.specHash
      versions.content = event.content
      versions.updatedAt = context.at
      if (event.rerun) versions.rerunVersion = event.version
      // What was derived of the version before says nothing of this one.
      versions.state = accepted(context.at)
      delete versions.queuedAt
      versions.history = keep(versions.history, record(event, context))
      return
    case 'JobStopped':
      if (versions.is === 'absent') return
      versions.lifecycle = 'stopped'
      versions.revision += 1
      versions.updatedAt = context.at
      versions.state = { type: 'stopped', reason: 'requested', message: event.reason ?? 'Stopped', since: context.at }
      return releaseAll(job.rollouts)
    case 'JobDeleted':
      if (versions.is === 'absent') return
      versions.lifecycle = 'deleted'
      versions.revision += 1
      versions.updatedAt = context.at
      versions.state = { type: 'deleted', reason: 'requested', message: event.reason ?? 'Deleted', since: context.at }
      return releaseAll(job.rollouts)
    case 'JobTimedOut':
      if (versions.is === 'absent') return
      versions.lifecycle = 'failed'
      versions.revision += 1
      versions.updatedAt = context.at
      versions.state = timedOut(event, versions.spec, context.at)
      return releaseAll(job.rollouts)
    case 'JobStateChanged': {
      if (versions.is === 'absent') return
      const { type: _, state, ...rest } = event
      versions.revision += 1
      versions.updatedAt = context.at
      versions.state = { ...rest, type: state, since: context.at }
      if (state !== 'queued') delete versions.queuedAt
      else versions.queuedAt ??= context.at
      return
    }
    case 'CommandNoted':
    // The stored state was installed by the follower before this commit is folded.
    case 'Checkpointed':
      return
    default:
      return event satisfies never
  }
}

const accepted = (at: number): JobState => ({
  type: 'pending',
  reason: 'accepted',
  message: 'Accepted, not evaluated yet',
  since: at,
})

const timedOut = ({ timeout }: JobTimedOut, spec: Readonly<Record<string, unknown>>, at: number): JobState => {
  const limits = spec['timeouts'] as { readonly queue_timeout?: string; readonly total_timeout?: string } | undefined
  const limit = limits?.[`${timeout}_timeout`] ?? 'its limit'
  return {
    type: 'failed',
    reason: `${timeout}_timeout`,
    message: timeout === 'queue' ? `No node took it within ${limit}` : `Not over within ${limit}`,
    since: at,
  }
}

const record = (
  event: Extract<JobEvent, { type: 'JobCreated' | 'JobUpdated' }>,
  context: CommitContext,
): VersionRecord => ({
  version: event.version,
  seq: context.seq,
  at: context.at,
  by: context.by,
  specHash: event.specHash,
  content: event.content,
  ...(event.type === 'JobUpdated' ? cameBy(event) : {}),
})

const cameBy = ({ rolledBackFrom, rolledBackTo, rerun }: JobUpdated): Partial<VersionRecord> => ({
  ...(rolledBackFrom === undefined ? {} : { rolledBackFrom }),
  ...(rolledBackTo === undefined ? {} : { rolledBackTo }),
  ...(rerun === undefined ? {} : { rerun }),
})

const keep = (history: VersionRecord[], entry: VersionRecord): VersionRecord[] => {
  history.push(entry)
  if (history.length > VERSIONS_KEPT) history.shift()
  return history
}
