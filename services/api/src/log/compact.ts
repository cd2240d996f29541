/** `dunlin log compact`: archives, checkpoints and purges, by the event store's rules, one run at a time. */
import { DunlinError, jobKeyText, type CompactedView, type JobKey } from '@dunlin/contracts'
import type { Job } from '@dunlin/domain'
import {
  COMPACT_POLICY,
  compactLog,
  planCompaction,
  type CompactPolicy,
  type CompactResult,
  type CompactTarget,
  type Log,
  type ObjectStore,
  type PlannedCompaction,
} from '@dunlin/eventstore'
import { jobSubject, LOG_SUBJECT } from '@dunlin/nats'
import { sha256, type Clock, type Logger } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'

export interface CompactRequest {
  /** Absent = every subject whose history is worth it. */
  readonly jobs?: readonly JobKey[] | undefined
  readonly dryRun: boolean
}
/** Throws job_not_found, wrong_state while another run of this process is under way, and what the log throws. */
export type Compact = (request: CompactRequest) => Promise<CompactedView>

export interface CompactPorts {
  readonly log: Log
  readonly archive: ObjectStore
  readonly clock: Clock
  readonly logger: Logger
  readonly state: ApiState
}

export const createCompact = ({ log, archive, clock, logger, state }: CompactPorts): Compact => {
  let running = false
  const policy = policyOf(state)

  const targetOf = (key: JobKey): CompactTarget => {
    const text = jobKeyText(key)
    if (state.fold.get('job', text) === undefined)
      throw new DunlinError('job_not_found', `There is no job ${key.namespace}/${key.name}.`)
    return { kind: 'job', key: text, subject: jobSubject(key) }
  }

  const run = async (targets: readonly CompactTarget[]): Promise<CompactedView> => {
    const subjects: CompactedView['subjects'] = []
    const options = { log, archive, fold: state.fold, sha256, clock, logSubject: LOG_SUBJECT }
    for await (const result of compactLog(options, targets)) subjects.push(resultView(result))
    const purged = subjects.reduce((sum, one) => sum + (one.purged ?? 0), 0)
    logger.info('the log was compacted', { subjects: subjects.length, purged })
    return { dry_run: false, subjects, purged }
  }

  return async ({ jobs, dryRun }) => {
    const targets = jobs?.map(targetOf)
    if (dryRun)
      return plannedView(await planCompaction(state.fold, log, targets === undefined ? policy : EVERYTHING), targets)
    if (running) throw new DunlinError('wrong_state', 'The log is being compacted already.')
    running = true
    try {
      return await run(targets ?? (await planCompaction(state.fold, log, policy)))
    } finally {
      running = false
    }
  }
}

/** The story of a deleted job is over, and that of the reports of a removed node. */
const policyOf = (state: ApiState): CompactPolicy => ({
  ...COMPACT_POLICY,
  isTerminal: (kind, key, aggregate) => {
    if (kind === 'report') return state.node(key)?.admission === 'removed'
    if (kind !== 'job') return false
    const { versions } = aggregate.state as Job
    return versions.is === 'present' && versions.lifecycle === 'deleted'
  },
})
const EVERYTHING: CompactPolicy = { longCommits: 0, terminalCommits: 0 }

const plannedView = (
  planned: readonly PlannedCompaction[],
  only: readonly CompactTarget[] | undefined,
): CompactedView => {
  const subjects = planned
    .filter(({ subject }) => only === undefined || only.some((one) => one.subject === subject))
    .map(({ subject, commits }) => ({ subject, purged: commits }))
  return { dry_run: true, subjects, purged: subjects.reduce((sum, { purged }) => sum + purged, 0) }
}

const resultView = (result: CompactResult): CompactedView['subjects'][number] =>
  result.done
    ? {
        subject: result.subject,
        purged: result.purged,
        below_seq: result.belowSeq,
        ...(result.object === undefined ? {} : { object: result.object }),
      }
    : { subject: result.subject, skipped: result.skipped }
