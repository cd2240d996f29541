/** Appends what a job's rollout does next: verdicts first, then plan, grants, waves and endings. */
import type { DunlinError, ExecutionId, NodeId, RolloutId, Verdict } from '@dunlin/contracts'
import { canonicalJson, parseJobKeyText, resolveRolloutPolicy, serviceActor } from '@dunlin/contracts'
import {
  advanceRollout,
  freePlaces,
  isPresent,
  planFactsOf,
  planSeed,
  recordVerdicts,
  revokeUnstarted,
  type AdvanceFacts,
  type FleetKinds,
  type PresentJob,
  type RevokeFacts,
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
  /** False: it is heard, but does not read its documents. */
  readonly reads: (node: NodeId) => boolean
  /** False while the log is nearly full. */
  readonly mayGrant: () => boolean
  readonly revocations: RevokeFacts
}

const BY = serviceActor('rollout-engine')
/** Its restart policy has nothing left to try. */
const ENDED: ReadonlySet<string> = new Set(['completed', 'failed', 'stopped'])

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
    decide: ({ state }) => ({
      ok: true,
      commits: recordVerdicts(
        state,
        verdicts.filter((one) => stillHolds(work, one)),
      ),
    }),
  })
  return done.ok ? undefined : done.error
}

/** While the log took nothing, a node that was judged for not starting may have started: its report came first. */
const stillHolds = ({ fleet }: WaveWork, { node, execution, reason }: Verdict): boolean =>
  reason !== 'not_started' || fleet.reports(node)?.executions.has(execution) !== true

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
  const { silenced } = work.fleet
  if (silenced.has(key)) {
    // A walk over all nodes at risk: once for each silence, not for each verdict of the others.
    const revoked = revokeUnstarted(job, work.revocations)
    if (revoked.length > 0) return revoked
    silenced.delete(key)
  }
  const freed = freePlaces(job, work.revocations)
  return freed.length > 0 ? freed : advanceRollout(job, factsFor(work, key, job, at))
}

const factsFor = (work: WaveWork, key: string, job: PresentJob, at: number): AdvanceFacts => ({
  epoch: work.fleet.epoch(),
  nowMs: at,
  mayGrant: work.mayGrant(),
  sight: work.sight(key),
  // The same that a dry run sees: what it shows must be the plan that runs.
  ...planFactsOf(job, work.fleet),
  reads: work.reads,
  mayRecover: (node) => {
    const grant = job.rollouts.grants.get(node)
    const said = grant === undefined ? undefined : work.fleet.reports(node)?.executions.get(grant.execution)?.state
    return said === undefined || !ENDED.has(said)
  },
  // A spec that was applied was parsed; the log holds it as it was.
  policy: resolveRolloutPolicy(job.versions.spec),
  newRolloutId: () => work.random.ulid(at) as RolloutId,
  newExecutionId: () => work.random.ulid(at) as ExecutionId,
  seedOf: (version) => planSeed(key, version),
  hashOfTargets: (ordered) => sha256(ordered.join('\n')),
  hashOfSpec: (spec) => sha256(canonicalJson(spec)),
})
