/** Executions as the API shows them: a grant joined with the node's latest report of it, or the report alone. */
import type { ExecutionView, JobKey, NodeId, Transition } from '@dunlin/contracts'
import { observe, observeFormer, type Connection, type Grant } from '@dunlin/domain'
import { instant } from './instant.ts'

export interface ExecutionFacts {
  readonly job: JobKey
  readonly node: NodeId
  readonly grant: Grant | undefined
  readonly reported: Transition | undefined
  readonly connection: Connection
  readonly isRemoved: boolean
}

/** Undefined when neither a grant nor a report tells of it any more. */
export const executionView = ({
  job,
  node,
  grant,
  reported,
  connection,
  isRemoved,
}: ExecutionFacts): ExecutionView | undefined => {
  if (grant === undefined)
    return reported === undefined ? undefined : formerExecution(job, node, reported, connection, isRemoved)
  const observation = observe(grant, reported, connection)
  const { verdict } = grant
  return {
    id: grant.execution,
    namespace: job.namespace,
    job: job.name,
    node,
    state: observation.state,
    desired: 'running',
    stale: observation.stale,
    version: grant.version,
    rollout: grant.rollout,
    wave: grant.wave + 1,
    granted_at: instant(grant.at),
    ...(grant.previous === undefined ? {} : { previous: grant.previous }),
    ...(observation.stableAt === undefined ? {} : { stable_at: instant(observation.stableAt) }),
    ...(verdict === undefined ? {} : { verdict: { is: verdict.is, reason: verdict.reason, at: instant(verdict.at) } }),
    ...reportedFields(reported),
  }
}

/** Its grant was voided or replaced; the node still knows it. */
const formerExecution = (
  job: JobKey,
  node: NodeId,
  reported: Transition,
  connection: Connection,
  isRemoved: boolean,
): ExecutionView => {
  const state = observeFormer(reported, isRemoved)
  return {
    id: reported.execution,
    namespace: job.namespace,
    job: job.name,
    node,
    state,
    desired: 'stopped',
    stale: connection.is !== 'connected',
    ...(state === 'lost' ? { error: { code: 'node_removed', message: 'The node was removed.' } } : {}),
    ...reportedFields(reported),
  }
}

const reportedFields = (reported: Transition | undefined): Partial<ExecutionView> =>
  reported === undefined
    ? {}
    : {
        attempt: reported.attempt,
        reported_at: instant(reported.at),
        ...(reported.exit === undefined ? {} : { exit: reported.exit }),
        ...(reported.error === undefined ? {} : { error: errorView(reported.error) }),
        ...(reported.nextAttemptAt === undefined ? {} : { next_attempt_at: instant(reported.nextAttemptAt) }),
      }

const errorView = (error: NonNullable<Transition['error']>): NonNullable<ExecutionView['error']> => ({
  code: error.code,
  message: error.message,
  ...(error.hint === undefined ? {} : { hint: error.hint }),
})
