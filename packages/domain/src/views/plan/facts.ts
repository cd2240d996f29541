/** What a plan asks about nodes, answered from the folds of the log: the engine and a dry run must see the same. */
import type { Job } from '../../job/state.ts'
import type { PlanFacts } from '../../rollout/plan/plan.ts'
import { executionRow, type FleetReader } from '../executions.ts'

const sick: ReadonlySet<string> = new Set(['failed', 'degraded', 'lost'])

export const planFactsOf = (job: Job, fleet: FleetReader): PlanFacts => ({
  isConnected: (node) => fleet.node(node)?.connection.is === 'connected',
  labelOf: (node, label) => fleet.node(node)?.labels[label] ?? fleet.reports(node)?.announced?.labels[label],
  isUnhealthy: (node) => {
    const row = executionRow(job, node, fleet)
    return row?.grant.verdict?.is === 'failed' || sick.has(row?.observation.state ?? '')
  },
})
