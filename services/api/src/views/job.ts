/** Jobs as the API shows them. */
import type { JobDetailView, JobKey, JobStateView, JobView, RolloutView } from '@dunlin/contracts'
import type { Job, JobState, PresentJob, Rollout, RolloutSummary } from '@dunlin/domain'
import type { Aggregate } from '@dunlin/eventstore'
import { instant } from './instant.ts'

const statusView = (aggregate: Aggregate<Job>, job: PresentJob): JobView['status'] => {
  const { versions, placement, rollouts } = job
  return {
    version: versions.version,
    revision: versions.revision,
    created_at: instant(versions.createdAt),
    updated_at: instant(versions.updatedAt),
    lifecycle: versions.lifecycle,
    state: stateView(versions.state),
    ...(rollouts.current === undefined ? {} : { rollout: rolloutView(rollouts.current) }),
    placed: placement.nodes.size,
    seq: aggregate.seq,
    ...(aggregate.condition.is === 'ok'
      ? {}
      : { condition: `${aggregate.condition.is}: ${aggregate.condition.detail}` }),
  }
}

export const jobView = (key: JobKey, aggregate: Aggregate<Job>, job: PresentJob): JobView => {
  const spec = job.versions.spec as {
    type?: string
    labels?: Record<string, string>
    priority?: number
    description?: string
  }
  return {
    id: job.versions.id,
    spec: {
      namespace: key.namespace,
      name: key.name,
      type: spec.type ?? '',
      labels: { ...spec.labels },
      priority: spec.priority ?? 50,
      ...(spec.description === undefined ? {} : { description: spec.description }),
    },
    status: statusView(aggregate, job),
  }
}

export const jobDetailView = (key: JobKey, aggregate: Aggregate<Job>, job: PresentJob): JobDetailView => {
  const { versions, placement, rollouts } = job
  const { last } = placement
  const { type } = versions.spec as { type?: string }
  return {
    id: versions.id,
    spec: { ...versions.spec, namespace: key.namespace, name: key.name, type: type ?? '' },
    status: {
      ...statusView(aggregate, job),
      versions: versions.history.map((record) => ({
        version: record.version,
        at: instant(record.at),
        by: record.by,
        seq: record.seq,
        spec_hash: record.specHash,
        content: record.content,
        ...(record.rolledBackFrom === undefined ? {} : { rolled_back_from: record.rolledBackFrom }),
      })),
      ...(last === undefined
        ? {}
        : {
            placement: {
              evaluation: last.evaluation,
              trigger: last.trigger,
              version: last.version,
              at: instant(last.at),
              seq: last.seq,
              left_out: { ...last.leftOut },
            },
          }),
      past_rollouts: rollouts.past.map(pastRolloutView),
    },
  }
}

const stateView = (state: JobState): JobStateView => ({
  state_type: state.type,
  reason: state.reason,
  message: state.message,
  since: instant(state.since),
  ...(state.waitsFor === undefined ? {} : { waits_for: state.waitsFor }),
  ...(state.until === undefined ? {} : { until: instant(state.until) }),
  ...(state.details === undefined ? {} : { details: { ...state.details } }),
})

const rolloutView = (rollout: Rollout): RolloutView => ({
  id: rollout.id,
  type: rollout.type,
  version: rollout.version,
  phase: rollout.phase,
  strategy: rollout.policy.strategy,
  opened_at: instant(rollout.openedAt),
  ...(rollout.closedAt === undefined ? {} : { closed_at: instant(rollout.closedAt) }),
  wave: rollout.wave + 1,
  waves: [...rollout.waves],
  counts: { targets: rollout.targets.length, ...rollout.counts },
  ...(rollout.halted === undefined ? {} : { halted: { ...rollout.halted, at: instant(rollout.halted.at) } }),
})

const pastRolloutView = (rollout: RolloutSummary): RolloutView => {
  const { open, healthy, failed, deferred } = rollout.counts
  return {
    id: rollout.id,
    type: rollout.type,
    version: rollout.version,
    phase: rollout.phase,
    opened_at: instant(rollout.openedAt),
    closed_at: instant(rollout.closedAt),
    counts: { targets: open + healthy + failed + deferred, open, healthy, failed, deferred },
  }
}
