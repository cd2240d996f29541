/**
 * What a rollback applies: the content of an older version (or the whole of its spec) in the present spec. The state says
 * which version that is; its spec is kept there for proven versions, and stands in the log or its archive for all others.
 */
import {
  DunlinError,
  isUnreadable,
  readCommit,
  rollBackSpec,
  type JobKey,
  type JobSubjectEvent,
} from '@dunlin/contracts'
import { isLive, rollbackTarget, type Job } from '@dunlin/domain'
import { readHistory, type Log, type ObjectStore, type Recorded } from '@dunlin/eventstore'
import { jobSubject, LOG_SUBJECT } from '@dunlin/nats'
import { sha256 } from '@dunlin/runtime'

type Spec = Readonly<Record<string, unknown>>

export interface ResolvedRollback {
  readonly toVersion: number
  readonly spec: Spec
}

export interface RollbackReader {
  readonly log: Pick<Log, 'at' | 'read'>
  readonly archive: Pick<ObjectStore, 'get'>
}

export interface WantedRollback {
  readonly version?: number | undefined
  readonly whole: boolean
}

/** The refusal, where there is nothing to go back to: no_rollback_target, version_not_found or job_not_found. */
export const resolveRollback = async (
  { log, archive }: RollbackReader,
  key: JobKey,
  job: Job | undefined,
  { version, whole }: WantedRollback,
): Promise<ResolvedRollback | DunlinError> => {
  if (job === undefined || !isLive(job)) return new DunlinError('job_not_found')
  const target = rollbackTarget(job, version)
  if (target.is === 'none') return new DunlinError('no_rollback_target')
  if (target.is === 'rolled_back')
    return new DunlinError('no_rollback_target', `The job is rolled back to version ${target.to} already.`, {
      hint: 'To go back further, name the version.',
    })
  if (target.is === 'unknown')
    return new DunlinError('version_not_found', `There is no version ${version} of ${key.namespace}/${key.name}.`, {
      data: { oldest: target.oldest, newest: job.versions.version },
    })
  const old = target.spec ?? (await specFrom({ log, archive }, key, target.version, target.seq))
  if (old === undefined)
    return new DunlinError('version_not_found', `The spec of version ${target.version} is in the log no more.`)
  return { toVersion: target.version, spec: whole ? old : rollBackSpec(job.versions.spec, old) }
}

const specFrom = async (
  { log, archive }: RollbackReader,
  key: JobKey,
  version: number,
  seq: number | undefined,
): Promise<Spec | undefined> => {
  const subject = jobSubject(key)
  const recorded = seq === undefined ? undefined : await log.at(seq)
  const found = recorded?.subject === subject ? specIn(recorded, version) : undefined
  if (found !== undefined) return found
  for await (const one of readHistory({ log, archive, logSubject: LOG_SUBJECT, sha256 }, subject)) {
    const spec = specIn(one, version)
    if (spec !== undefined) return spec
  }
  return undefined
}

const specIn = ({ data }: Recorded, version: number): Spec | undefined => {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(data))
  } catch {
    return undefined
  }
  const commit = readCommit(json)
  if (isUnreadable(commit)) return undefined
  for (const event of commit.ev as readonly JobSubjectEvent[])
    if ((event.type === 'JobCreated' || event.type === 'JobUpdated') && event.version === version) return event.spec
  return undefined
}
