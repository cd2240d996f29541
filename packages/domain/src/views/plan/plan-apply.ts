/**
 * What applying a spec now would do. Nothing is guessed: the command, the placement and the opening of the rollout are decided
 * by the functions that decide them in earnest, one after another on a copy of the job, so the plan is the one that would run.
 */
import type {
  Commit,
  EvaluationId,
  ExecutionId,
  JobId,
  JobSubjectEvent,
  NodeId,
  PlanCompleted,
  RolloutId,
  RolloutOpened,
  RolloutPolicy,
  Sha256,
} from '@dunlin/contracts'
import { COMMIT_SCHEMA, type DunlinError } from '@dunlin/contracts'
import { decideJob } from '../../job/decide.ts'
import { foldJobCommit } from '../../job/evolve.ts'
import { isLive, isPresent, type Job } from '../../job/state.ts'
import type { NodeFacts } from '../../node/facts.ts'
import type { JobDemand } from '../../placement/eligibility.ts'
import { evaluatePlacement, recordPlacement, type PlacementDifference } from '../../placement/evaluate.ts'
import { advanceRollout } from '../../rollout/advance.ts'
import type { FleetReader } from '../executions.ts'
import { copyJob } from './copy-job.ts'
import { planFactsOf } from './facts.ts'

export interface WantedSpec {
  readonly spec: Readonly<Record<string, unknown>>
  readonly specHash: Sha256
  readonly content: Sha256
  readonly demand: JobDemand
  readonly policy: RolloutPolicy
}

export interface PlanApplyFacts {
  readonly nowMs: number
  /** Every node that may be placed on. */
  readonly nodes: () => Iterable<NodeFacts>
  readonly fleet: FleetReader
  readonly seedOf: (version: number) => number
  readonly hashOfNodes: (nodes: readonly NodeId[]) => Sha256
  readonly hashOfSpec: (spec: Readonly<Record<string, unknown>>) => Sha256
}

export interface PlannedRollout {
  readonly opened: RolloutOpened
  readonly completed: PlanCompleted
  /** In order. */
  readonly targets: readonly NodeId[]
}

export interface PlannedApply {
  readonly action: 'create' | 'update' | 'unchanged'
  readonly version: number
  readonly contentChanges: boolean
  readonly placement: PlacementDifference
  /** Absent when none would be opened. */
  readonly rollout?: PlannedRollout
  /** The job as it would be when its rollout has just been planned. */
  readonly after: Job
}

export const planApply = (job: Job, wanted: WantedSpec, facts: PlanApplyFacts): PlannedApply | DunlinError => {
  const { spec, specHash, content, demand } = wanted
  const head = { id: '~plan', at: facts.nowMs }
  const decision = decideJob(job, { ...head, verb: 'apply', spec, specHash, content, newJobId: '~plan' as JobId })
  if (!decision.ok) return decision.error
  const before = isLive(job) ? job.versions : undefined
  const after = copyJob(job)
  const fold = fold1(after, facts.nowMs)
  for (const events of decision.commits) fold(events)
  const placement = evaluatePlacement(after.placement.nodes, demand, facts.nodes())
  const { version } = decision.result
  const evaluation = { id: '~plan' as EvaluationId, trigger: 'job_updated' as const, version }
  for (const events of recordPlacement(after, placement, evaluation, facts.hashOfNodes)) fold(events)
  const rollout = openedBy(after, wanted, facts)
  if (rollout !== undefined) for (const events of rollout.commits) fold(events)
  return {
    action: before === undefined ? 'create' : decision.commits.length === 0 ? 'unchanged' : 'update',
    version,
    contentChanges: before?.content !== content,
    placement,
    ...(rollout === undefined ? {} : { rollout: rollout.planned }),
    after,
  }
}

const fold1 =
  (job: Job, at: number) =>
  (ev: readonly JobSubjectEvent[]): void => {
    const commit: Commit<JobSubjectEvent> = { s: COMMIT_SCHEMA, v: 0, cmd: '~plan', by: 'service:api', at, ev }
    foldJobCommit(job, commit, Number.MAX_SAFE_INTEGER)
  }

const openedBy = (
  job: Job,
  { policy }: WantedSpec,
  facts: PlanApplyFacts,
): { readonly planned: PlannedRollout; readonly commits: readonly (readonly JobSubjectEvent[])[] } | undefined => {
  if (!isPresent(job)) return undefined
  const commits = advanceRollout(job, {
    ...planFactsOf(job, facts.fleet),
    epoch: 0,
    nowMs: facts.nowMs,
    mayGrant: false,
    sight: 'unknown',
    policy,
    newRolloutId: () => '~plan' as RolloutId,
    newExecutionId: () => '~plan' as ExecutionId,
    seedOf: facts.seedOf,
    hashOfTargets: facts.hashOfNodes,
    hashOfSpec: facts.hashOfSpec,
  })
  const events = commits.flat()
  const opened = events.find((event) => event.type === 'RolloutOpened')
  const completed = events.find((event) => event.type === 'PlanCompleted')
  if (opened === undefined || completed === undefined) return undefined
  const targets = events.flatMap((event) => (event.type === 'PlanDrawn' ? event.targets : []))
  return { planned: { opened, completed, targets }, commits }
}
