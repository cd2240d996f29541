/** Jobs as the API shows them. */
import type { JobDetailView, JobKey, JobStateView, JobView } from '@dunlin/contracts'
import { nextTimeout, type FleetReader, type Job, type PresentJob } from '@dunlin/domain'
import type { Aggregate } from '@dunlin/eventstore'
import { instant } from './instant.ts'
import { causesIn, pastRolloutView, rolloutView, type CauseOf } from './rollout.ts'

const statusView = (aggregate: Aggregate<Job>, job: PresentJob, causeOf?: CauseOf): JobView['status'] => {
  const { versions, placement, rollouts } = job
  return {
    version: versions.version,
    revision: versions.revision,
    created_at: instant(versions.createdAt),
    updated_at: instant(versions.updatedAt),
    lifecycle: versions.lifecycle,
    state: stateView(job),
    ...(rollouts.current === undefined ? {} : { rollout: rolloutView(rollouts, rollouts.current, causeOf) }),
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

export const jobDetailView = (
  key: JobKey,
  aggregate: Aggregate<Job>,
  job: PresentJob,
  fleet: Pick<FleetReader, 'reports'>,
): JobDetailView => {
  const causeOf = causesIn(job, fleet)
  const { versions, placement, rollouts } = job
  const { last } = placement
  const { type } = versions.spec as { type?: string }
  return {
    id: versions.id,
    spec: { ...versions.spec, namespace: key.namespace, name: key.name, type: type ?? '' },
    status: {
      ...statusView(aggregate, job, causeOf),
      versions: versions.history.map((record) => ({
        version: record.version,
        at: instant(record.at),
        by: record.by,
        seq: record.seq,
        spec_hash: record.specHash,
        content: record.content,
        ...(record.rolledBackFrom === undefined ? {} : { rolled_back_from: record.rolledBackFrom }),
        ...(record.rolledBackTo === undefined ? {} : { rolled_back_to: record.rolledBackTo }),
        ...(record.rerun === undefined ? {} : { rerun: record.rerun }),
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
      past_rollouts: rollouts.past.map((one) => pastRolloutView(one, causeOf)),
    },
  }
}

/** A timeout is no part of the recorded state: it follows from it, and from the spec. */
const untilOf = (job: PresentJob): number | undefined => {
  const { type, waitsFor, until } = job.versions.state
  if (waitsFor === undefined) return until
  const timeout = nextTimeout(job)
  if (timeout === undefined || (timeout.timeout === 'queue' && type !== 'queued')) return until
  return Math.min(until ?? Infinity, timeout.at)
}

const stateView = (job: PresentJob): JobStateView => {
  const { state } = job.versions
  const until = untilOf(job)
  return {
    state_type: state.type,
    reason: state.reason,
    message: state.message,
    since: instant(state.since),
    ...(state.waitsFor === undefined ? {} : { waits_for: state.waitsFor }),
    ...(until === undefined ? {} : { until: instant(until) }),
    ...(state.details === undefined ? {} : { details: { ...state.details } }),
  }
}
