/** Appends what a job's rollout does next: verdicts first, then plan, grants, waves and endings. */
import type { DunlinError, ExecutionId, NodeId, RolloutId, Verdict } from '@dunlin/contracts'
import { canonicalJson, parseJobKeyText, resolveRolloutPolicy, serviceActor } from '@dunlin/contracts'
import {
  advanceRollout,
  isPresent,
  planFactsOf,
  planSeed,
  recordVerdicts,
  type AdvanceFacts,
  type FleetKinds,
  type Job,
  type PresentJob,
} from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import { jobSubject } from '@dunlin/nats'
import { sha256, type Clock, type Random } from '@dunlin/runtime'
import type { Fleet } from '../fleet/fleet.ts'

export interface WaveWork {
  readonly clock: Clock
  readonly random: Random
  readonly fleet: Fleet
  readonly handler: CommandHandler<FleetKinds>
  /** Whether outcomes of a job can be told now. */
  readonly sight: (job: string) => AdvanceFacts['sight']
  /** False while the log is nearly full. */
  readonly mayGrant: () => boolean
  /** When each job was last looked through for grants to revoke, monotonic. */
  readonly revocationsLookedAt: Map<string, number>
}

/** How long an open grant whose node is logged disconnected and never started may still be activated: `fresh_for`. */
const FRESH_FOR_MS = 15 * 60 * 1000

const LOOK_FOR_REVOCABLE_MS = 10_000

const BY = serviceActor('rollout-engine')

export const appendVerdicts = async (
  work: WaveWork,
  key: string,
  verdicts: readonly Verdict[],
): Promise<DunlinError | undefined> => {
  const at = work.clock.nowMs()
  const done = await work.handler.handle({
    subject: jobSubject(parseJobKeyText(key)),
    kind: 'job',
    key,
    command: { id: `~verdict.${work.random.ulid(at)}`, by: BY, at },
    decide: ({ state }) => ({ ok: true, commits: recordVerdicts(state, verdicts) }),
  })
  return done.ok ? undefined : done.error
}

export const appendNext = async (work: WaveWork, key: string): Promise<DunlinError | undefined> => {
  const aggregate = work.fleet.fold.get('job', key)
  // Looked at first on the folded state: most looks find nothing to do and cost no handler turn.
  if (aggregate === undefined || aggregate.condition.is !== 'ok' || !isPresent(aggregate.state)) return undefined
  if (aggregate.state.versions.lifecycle !== 'active') return undefined
  const at = work.clock.nowMs()
  const cause = work.fleet.causes.get(key)
  work.fleet.causes.delete(key)
  const done = await work.handler.handle({
    subject: jobSubject(parseJobKeyText(key)),
    kind: 'job',
    key,
    command: { id: `~rollout.${work.random.ulid(at)}`, by: BY, at, ...(cause === undefined ? {} : { cause }) },
    decide: ({ state }) => ({ ok: true, commits: isPresent(state) ? decideNext(work, key, state, at) : [] }),
  })
  return done.ok ? undefined : done.error
}

const decideNext = (work: WaveWork, key: string, job: PresentJob, at: number) => {
  const revoked = isTimeToRevoke(work, key) ? revocable(work, job, at) : []
  const { current } = job.rollouts
  if (revoked.length > 0 && current !== undefined)
    return [[{ type: 'NodesDeferred' as const, rollout: current.id, nodes: revoked }]]
  return advanceRollout(job, factsFor(work, key, job, at))
}

/** A walk over all grants for a limit of minutes: not at every step of a rollout. */
const isTimeToRevoke = ({ clock, revocationsLookedAt }: WaveWork, key: string): boolean => {
  const now = clock.monotonicMs()
  if (now - (revocationsLookedAt.get(key) ?? 0) < LOOK_FOR_REVOCABLE_MS) return false
  revocationsLookedAt.set(key, now)
  return true
}

/** Open grants that can no longer be activated: silent since before they started, for longer than a document is fresh. */
const revocable = (work: WaveWork, job: Job, at: number): { node: NodeId; reason: 'revoked' }[] => {
  const { current, grants } = job.rollouts
  if (current === undefined || current.counts.open === 0) return []
  const nodes: { node: NodeId; reason: 'revoked' }[] = []
  for (const [node, slot] of current.slots) {
    if (slot !== 'open') continue
    const connection = work.fleet.node(node)?.connection
    if (connection === undefined || connection.is === 'connected' || connection.is === 'never') continue
    const grant = grants.get(node)
    if (grant === undefined || work.fleet.reports(node)?.executions.has(grant.execution)) continue
    if (at - Math.max(connection.since, grant.at) >= FRESH_FOR_MS) nodes.push({ node, reason: 'revoked' })
  }
  return nodes
}

const factsFor = (work: WaveWork, key: string, job: PresentJob, at: number): AdvanceFacts => ({
  epoch: work.fleet.epoch(),
  nowMs: at,
  mayGrant: work.mayGrant(),
  sight: work.sight(key),
  // The same that a dry run sees: what it shows must be the plan that runs.
  ...planFactsOf(job, work.fleet),
  // A spec that was applied was parsed; the log holds it as it was.
  policy: resolveRolloutPolicy(job.versions.spec),
  newRolloutId: () => work.random.ulid(at) as RolloutId,
  newExecutionId: () => work.random.ulid(at) as ExecutionId,
  seedOf: (version) => planSeed(key, version),
  hashOfTargets: (ordered) => sha256(ordered.join('\n')),
  hashOfSpec: (spec) => sha256(canonicalJson(spec)),
})
