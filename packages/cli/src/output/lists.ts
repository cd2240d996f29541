/** The columns of each list. */
import type { ExecutionView, JobView, NodeView } from '@dunlin/contracts'
import type { Io } from '../io.ts'
import { age } from './format.ts'
import { paintState } from './state.ts'
import type { Column } from './table.ts'

const rollout = ({ status: { rollout } }: JobView): string => {
  if (rollout === undefined) return '-'
  const { healthy, failed, targets } = rollout.counts
  return `${healthy}/${targets}${failed > 0 ? ` (${failed} failed)` : ''}`
}

export const jobColumns = (io: Io): readonly Column<JobView>[] => [
  { head: 'NAMESPACE', cell: (job) => job.spec.namespace },
  { head: 'NAME', cell: (job) => job.spec.name },
  { head: 'TYPE', cell: (job) => job.spec.type },
  { head: 'STATE', cell: (job) => job.status.state.state_type, paint: (text) => paintState(io, text) },
  { head: 'VERSION', cell: (job) => String(job.status.version), right: true },
  { head: 'HEALTHY', cell: rollout },
  { head: 'AGE', cell: (job) => age(job.status.created_at, Date.now()), right: true },
  { head: 'MESSAGE', cell: (job) => job.status.state.message },
]

export const nodeColumns = (io: Io): readonly Column<NodeView>[] => [
  { head: 'ID', cell: (node) => node.id },
  { head: 'STATE', cell: (node) => node.connection, paint: (text) => paintState(io, text) },
  { head: 'EXECUTIONS', cell: (node) => String(node.executions), right: true },
  { head: 'AGENT', cell: (node) => node.agent_version ?? '-' },
  { head: 'SINCE', cell: (node) => age(node.since, Date.now()), right: true },
  {
    head: 'LABELS',
    cell: (node) =>
      Object.entries(node.labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
  },
]

export const executionColumns = (io: Io): readonly Column<ExecutionView>[] => [
  { head: 'ID', cell: (execution) => execution.id },
  { head: 'JOB', cell: (execution) => `${execution.namespace}/${execution.job}` },
  { head: 'NODE', cell: (execution) => execution.node },
  { head: 'STATE', cell: (execution) => execution.state, paint: (text) => paintState(io, text) },
  { head: 'VERSION', cell: (execution) => String(execution.version ?? '-'), right: true },
  { head: 'ATTEMPT', cell: (execution) => String(execution.attempt ?? '-'), right: true },
  { head: 'HEALTH', cell: (execution) => execution.verdict?.is ?? '-' },
  { head: 'ERROR', cell: (execution) => execution.error?.message ?? '' },
]
