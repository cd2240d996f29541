/** Opens rollouts: for a new content, for a rerun, and as the rollback of one that failed. */
import {
  rollBackSpec,
  type JobSubjectEvent,
  type RolloutPolicy,
  type RolloutType,
  type Sha256,
} from '@dunlin/contracts'
import type { PresentJob } from '../job/state.ts'
import type { AdvanceFacts } from './facts.ts'
import { haltEvidence, type Halt } from './health/halting.ts'
import { drawPlan, planCommits, type PlanRequest } from './plan/plan.ts'
import { countsOf, fallbackFrom, mayClose, type Proven, type Rollout, type Rollouts } from './state.ts'

type Commits = readonly (readonly JobSubjectEvent[])[]

/** Only a change of content moves nodes, or a rerun; and only what the scheduler has placed for this version is planned. */
export const mustOpen = (job: PresentJob): boolean =>
  job.placement.last?.version === job.versions.version && wantsAnother(job)

/** The present version is not what the present rollout brings: nothing more is granted for that one. */
export const wantsAnother = ({ rollouts: { current }, versions }: PresentJob): boolean =>
  current === undefined ||
  current.content !== versions.content ||
  current.voided === true ||
  (versions.rerunVersion ?? 0) > current.version

export const openRollout = (job: PresentJob, facts: AdvanceFacts): Commits => {
  const { current } = job.rollouts
  const superseded: JobSubjectEvent[] = mayClose(current)
    ? [{ type: 'RolloutClosed', rollout: current.id, outcome: 'superseded', counts: countsOf(current) }]
    : []
  const { version, content } = job.versions
  return opened(job, superseded, { type: nextType(job), version, content, policy: facts.policy }, facts)
}

/** The rollout type that opening the present version would have. */
export const nextType = ({ versions, rollouts: { current, past } }: PresentJob): RolloutType => {
  const last = versions.history.at(-1)
  if (last?.version === versions.version && last.rolledBackFrom !== undefined) return 'rollback'
  const mustRerun = versions.rerunVersion !== undefined && versions.rerunVersion > (current?.version ?? 0)
  // Another content is no restart, whatever was asked for before it: there is something to go back to.
  if (mustRerun && current?.content === versions.content) return 'restart'
  return current === undefined && past.length === 0 ? 'create' : 'update'
}

/** What the rollout would do under this type: a rollback neither waits for a person nor rolls back itself. */
export const policyFor = (type: RolloutType, policy: RolloutPolicy): RolloutPolicy =>
  type !== 'rollback'
    ? policy
    : { ...policy, strategy: policy.strategy === 'immediate' ? 'immediate' : 'rolling', autoRollback: false }

/**
 * Halts, and unless that is switched off rolls back: one commit, so that whoever joins in between gets the good content. One
 * level only: a rollback that fails, and a restart of what ran before, stay halted and say so.
 */
export const haltRollout = (
  job: PresentJob,
  rollout: Rollout,
  halt: Halt,
  budget: number,
  facts: AdvanceFacts,
): Commits => {
  const fallback = automaticTarget(job, rollout)
  const stays = fallback === undefined ? `; ${whyItStays(rollout)}` : `; rolling back to version ${fallback.version}`
  const halted: JobSubjectEvent = {
    type: 'RolloutHalted',
    rollout: rollout.id,
    reason: halt.reason,
    message: `${halt.message}${stays}`,
    counts: countsOf(rollout),
    evidence: haltEvidence(rollout, job.rollouts.atRisk.size, budget),
  }
  if (fallback === undefined) return [[halted]]
  const spec = rollBackSpec(job.versions.spec, fallback.spec)
  const version = job.versions.version + 1
  const updated: JobSubjectEvent = {
    type: 'JobUpdated',
    version,
    spec,
    specHash: facts.hashOfSpec(spec),
    content: fallback.content,
    rolledBackFrom: job.versions.version,
    rolledBackTo: fallback.version,
    reason: halt.reason,
  }
  const request = { type: 'rollback' as const, version, content: fallback.content, policy: facts.policy }
  return opened(job, [halted, updated], request, facts, rollout)
}

const automaticTarget = ({ rollouts }: PresentJob, { type, policy, content }: Rollout): Proven | undefined =>
  policy.autoRollback && isNews(rollouts, type, content) ? fallbackFrom(rollouts, content) : undefined

/** A rollback never rolls back; nor does a restart of what was proven, because there is nothing better to go back to. */
const isNews = ({ proven }: Rollouts, type: RolloutType, content: Sha256): boolean =>
  type !== 'rollback' && (type !== 'restart' || !proven.some((one) => one.content === content))

const whyItStays = ({ type, policy }: Rollout): string => {
  if (type === 'rollback') return 'it is a rollback itself, so nothing more is done without a person'
  if (type === 'restart') return 'what it restarts is what ran before, so there is nothing to go back to'
  if (policy.strategy === 'immediate')
    return 'an immediate rollout goes back to nothing by itself, and what failed runs on by its restart policy'
  return policy.autoRollback ? 'no version is proven yet to roll back to' : 'automatic rollback is switched off'
}

const opened = (
  job: PresentJob,
  before: readonly JobSubjectEvent[],
  wanted: Pick<PlanRequest, 'type' | 'content' | 'policy'> & { readonly version: number },
  facts: AdvanceFacts,
  /** The rollout that this one takes the place of without closing it: it has halted. */
  halted?: Rollout,
): Commits => {
  const { type, version, content } = wanted
  const policy = policyFor(type, wanted.policy)
  const rollout = facts.newRolloutId()
  const seed = facts.seedOf(version)
  const supersedes = halted ?? (before.length > 0 ? job.rollouts.current : undefined)
  const event: JobSubjectEvent = {
    type: 'RolloutOpened',
    rollout,
    rolloutType: type,
    version,
    content,
    policy,
    seed,
    ...(supersedes === undefined ? {} : { supersedes: supersedes.id }),
  }
  const plan = drawPlan(job.rollouts, { type, content, policy, seed, placed: job.placement.nodes }, facts)
  const [first = [], ...rest] = planCommits(rollout, plan, job.placement.last?.seq ?? 0, facts.hashOfTargets)
  return [[...before, event, ...first], ...rest]
}

/** An engine that died between opening and the end of the plan left parts behind: they are drawn again. */
export const planAgain = (job: PresentJob, rollout: Rollout, facts: AdvanceFacts): Commits => {
  const { id, type, content, policy, seed } = rollout
  const plan = drawPlan(job.rollouts, { type, content, policy, seed, placed: job.placement.nodes }, facts)
  return planCommits(id, plan, job.placement.last?.seq ?? 0, facts.hashOfTargets)
}
