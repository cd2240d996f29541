/** Rollouts as the API shows them: shortly in a job, and in full with waves, evidence and what is waited for. */
import type { JobKey, RolloutDetailView, RolloutPolicy, RolloutView } from '@dunlin/contracts'
import {
  failureCause,
  fallbackFrom,
  holdsOf,
  rampSteps,
  settledOf,
  waitsOf,
  waveMembers,
  type FleetReader,
  type HaltRecord,
  type PresentJob,
  type Rollout,
  type Rollouts,
  type RolloutSummary,
  type Slot,
  type Wait,
} from '@dunlin/domain'
import { instant } from './instant.ts'

export const rolloutView = (rollouts: Rollouts, rollout: Rollout, causeOf = NO_CAUSE): RolloutView => ({
  ...commonView(rollouts, rollout, causeOf),
  waves: [...rollout.waves],
})

type Cause = NonNullable<RolloutView['halted']>['cause']
/** Why executions of a version failed; `undefined` where that is not asked for, or not known any more. */
export type CauseOf = (version: number) => Cause

const NO_CAUSE: CauseOf = () => undefined

/** Walks the nodes of the job, so that it is for one job that somebody looks at. */
export const causesIn =
  (job: PresentJob, fleet: Pick<FleetReader, 'reports'>): CauseOf =>
  (version) => {
    const { content } = [job.rollouts.current, ...job.versions.history].find((one) => one?.version === version) ?? {}
    return content && failureCause(job, content, fleet)
  }

export const pastRolloutView = (rollout: RolloutSummary, causeOf = NO_CAUSE): RolloutView => {
  const { open, healthy, failed, lost, deferred, removed } = rollout.counts
  return {
    id: rollout.id,
    type: rollout.type,
    version: rollout.version,
    phase: rollout.phase,
    opened_at: instant(rollout.openedAt),
    closed_at: instant(rollout.closedAt),
    counts: {
      targets: open + healthy + failed + lost + deferred + removed,
      open,
      healthy,
      failed,
      lost,
      deferred,
      removed,
    },
    ...(rollout.halted === undefined ? {} : { halted: haltView(rollout.halted, causeOf(rollout.version)) }),
  }
}

export const rolloutDetailView = (
  key: JobKey,
  job: PresentJob,
  rollout: Rollout,
  fleet: Pick<FleetReader, 'reports'>,
  seq: number,
): RolloutDetailView => {
  const { rollouts } = job
  const fallback = fallbackFrom(rollouts, rollout.content)
  const ramp = rampView(rollout)
  const waves = rollout.waves.map((_, index) => waveView(rollouts, rollout, index))
  return {
    namespace: key.namespace,
    name: key.name,
    ...commonView(rollouts, rollout, causesIn(job, fleet)),
    waves,
    joiners: joinersView(rollout, waves),
    already: rollout.already,
    ...(ramp === undefined ? {} : { ramp }),
    ...(fallback === undefined ? {} : { fallback: { version: fallback.version, content: fallback.content } }),
    policy: policyView(rollout.policy),
    waits_for: waitsOf(job).map(waitView),
    seq,
  }
}

export const waitView = ({ until, ...wait }: Wait): RolloutDetailView['waits_for'][number] => ({
  ...wait,
  ...(until === undefined ? {} : { until: instant(until) }),
})

const commonView = ({ atRisk }: Rollouts, rollout: Rollout, causeOf: CauseOf): Omit<RolloutView, 'waves'> => ({
  id: rollout.id,
  type: rollout.type,
  version: rollout.version,
  phase: rollout.phase,
  strategy: rollout.policy.strategy,
  opened_at: instant(rollout.openedAt),
  ...(rollout.closedAt === undefined ? {} : { closed_at: instant(rollout.closedAt) }),
  wave: rollout.wave + 1,
  counts: { targets: rollout.targets.length, ...rollout.counts },
  holds: holdsOf(rollout).flatMap((hold) => {
    const held = rollout.holds[hold]
    return held === undefined ? [] : [{ hold, ...held, since: instant(held.since) }]
  }),
  budget: rollout.budget,
  at_risk: atRisk.size,
  evidence: evidenceView(rollout),
  ...(rollout.halted === undefined ? {} : { halted: haltView(rollout.halted, causeOf(rollout.version)) }),
})

const evidenceView = ({ evidence, policy }: Rollout): NonNullable<RolloutView['evidence']> => {
  const { settled, failed, excluded, before, e, maxE } = evidence
  const { analysis, maxFailedNodes } = policy
  return {
    settled,
    failed,
    excluded,
    before_resume: before,
    ...(analysis === undefined ? {} : { e, max_e: maxE, tolerated_rate: analysis.p0, halt_at: analysis.haltAt }),
    ...(maxFailedNodes === undefined ? {} : { max_failed_nodes: maxFailedNodes }),
    max_failed_nodes_percent: policy.maxFailedNodesPercent,
  }
}

const haltView = (
  { reason, message, at, by, evidence }: HaltRecord,
  cause: Cause,
): NonNullable<RolloutView['halted']> => ({
  reason,
  message,
  at: instant(at),
  by,
  ...(cause === undefined ? {} : { cause }),
  ...(evidence === undefined
    ? {}
    : {
        evidence: {
          settled: evidence.settled,
          failed: evidence.failed,
          ...(evidence.e === undefined ? {} : { e: evidence.e }),
          ...(evidence.maxE === undefined ? {} : { max_e: evidence.maxE }),
          ...(evidence.p0 === undefined ? {} : { tolerated_rate: evidence.p0 }),
          ...(evidence.haltAt === undefined ? {} : { halt_at: evidence.haltAt }),
          at_risk: evidence.atRisk,
          budget: evidence.budget,
        },
      }),
})

const noNodes = (): Record<Slot, number> => ({ open: 0, healthy: 0, failed: 0, lost: 0, deferred: 0, removed: 0 })

const waveView = (rollouts: Rollouts, rollout: Rollout, index: number): RolloutDetailView['waves'][number] => {
  const members = waveMembers(rollout, index)
  const slots = noNodes()
  let [waiting, messages, failed] = [0, 0, 0]
  for (const node of members) {
    const slot = rollout.slots.get(node)
    if (slot === undefined) waiting += 1
    else slots[slot] += 1
    const grant = rollouts.grants.get(node)
    if (grant?.rollout !== rollout.id || grant.verdict === undefined) continue
    for (const window of grant.verdict.evidence) {
      messages += window.in
      failed += window.failed
    }
  }
  return {
    wave: index + 1,
    canary: rollout.policy.strategy === 'canary' && index === 0,
    state: index < rollout.wavesPassed ? 'passed' : index <= rollout.wave ? 'running' : 'waiting',
    targets: members.length,
    ...slots,
    waiting,
    ...(messages === 0 ? {} : { error_rate: failed / messages }),
  }
}

/** Whoever has a place in the rollout and none in a wave. */
const joinersView = (rollout: Rollout, waves: RolloutDetailView['waves']): RolloutDetailView['joiners'] => {
  const slots = { ...rollout.counts }
  let targets = 0
  for (const slot of Object.keys(slots) as Slot[]) {
    for (const wave of waves) slots[slot] -= wave[slot]
    targets += slots[slot]
  }
  return { targets, ...slots }
}

/** Nothing where there is no ramp, or where it is over. */
const rampView = (rollout: Rollout): RolloutDetailView['ramp'] => {
  const settled = settledOf(rollout.counts)
  const step = rampOf(rollout).find(({ until_settled }) => settled < until_settled)
  return rollout.phase === 'running' ? step : undefined
}

/** As many may be open as must settle before the next step. */
export const rampOf = ({
  type,
  policy,
  budget,
}: Pick<Rollout, 'type' | 'policy' | 'budget'>): readonly { may_be_open: number; until_settled: number }[] =>
  policy.strategy === 'immediate' || type === 'rollback'
    ? []
    : rampSteps(budget).map((step) => ({ may_be_open: step, until_settled: step }))

export const policyView = (policy: RolloutPolicy): RolloutDetailView['policy'] => ({
  strategy: policy.strategy,
  max_parallel: { ...policy.maxParallel },
  ...(policy.strategy === 'canary' ? { canary: { ...policy.canary } } : {}),
  auto_promote: policy.autoPromote,
  auto_rollback: policy.autoRollback,
  ...(policy.maxFailedNodes === undefined ? {} : { max_failed_nodes: policy.maxFailedNodes }),
  max_failed_nodes_percent: policy.maxFailedNodesPercent,
  ...(policy.analysis === undefined
    ? {}
    : { analysis: { tolerated_rate: policy.analysis.p0, halt_at: policy.analysis.haltAt } }),
  ...(policy.spreadBy === undefined ? {} : { spread_by: policy.spreadBy }),
  interval_ms: policy.health.intervalMs,
  max_error_rate: policy.health.maxErrorRate,
  success_threshold: policy.health.successThreshold,
  failure_threshold: policy.health.failureThreshold,
  deadline_ms: policy.health.deadlineMs,
  expiry_ms: policy.expiryMs,
})
