/** Executions as people see them: every latest grant of a job, joined with what its node said last. */
import type { NodeId, Transition } from '@dunlin/contracts'
import { observe, type Observation } from '../execution/observe.ts'
import type { NodeReports } from '../execution/state.ts'
import type { Job } from '../job/state.ts'
import type { Connection, NodeState } from '../node/state.ts'
import type { Grant } from '../rollout/state.ts'

export interface FleetReader {
  readonly node: (id: NodeId) => NodeState | undefined
  readonly reports: (id: NodeId) => NodeReports | undefined
}

export interface ExecutionRow {
  readonly node: NodeId
  readonly grant: Grant
  readonly reported: Transition | undefined
  readonly observation: Observation
}

const NEVER: Connection = { is: 'never' }

/** One row; `undefined` when the node holds no grant of this job. */
export const executionRow = (job: Job, node: NodeId, fleet: FleetReader): ExecutionRow | undefined => {
  const grant = job.rollouts.grants.get(node)
  if (grant === undefined) return undefined
  const reported = fleet.reports(node)?.executions.get(grant.execution)
  return { node, grant, reported, observation: observe(grant, reported, fleet.node(node)?.connection ?? NEVER) }
}

/** Rows in the order of the grants; a generator, because a list is paged and a job may have 100,000. */
export function* executionRows(job: Job, fleet: FleetReader): Generator<ExecutionRow> {
  for (const node of job.rollouts.grants.keys()) {
    const row = executionRow(job, node, fleet)
    if (row !== undefined) yield row
  }
}
