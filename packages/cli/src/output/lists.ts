/** The columns of each list. */
import type { ExecutionView, JobView, NodeView } from '@dunlin/contracts'
import type { Io } from '../io.ts'
import { age } from './format.ts'
import { paintState } from './state.ts'
import type { Column } from './table.ts'

const rollout = ({ status: { rollout } }: JobView): string => {
  if (rollout === undefined) return '-'
  const { targets, open, healthy, failed, lost, deferred, removed } = rollout.counts
  // Whoever joined after the plan was drawn counts too, and who left does not.
  const all = Math.max(targets, open + healthy + failed + lost + deferred + removed) - removed
  return `${healthy}/${all}${failed > 0 ? ` (${failed} failed)` : ''}`
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
  { head: 'JOBS', cell: standing, paint: (text) => paintState(io, text) },
  { head: 'EXECUTIONS', cell: (node) => String(node.executions), right: true },
  { head: 'AGENT', cell: (node) => node.agent_version ?? '-' },
  { head: 'SINCE', cell: (node) => age(node.since, Date.now()), right: true },
  { head: 'LABELS', cell: (node) => labels(node.labels) },
]

/** What stands in the way of more jobs there: a node that waits to be let in comes first. */
const standing = ({ admission, scheduling, drained }: NodeView): string =>
  admission !== 'admitted' ? admission : drained ? 'drained' : scheduling

const labels = (of: Readonly<Record<string, string>>): string =>
  Object.entries(of)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')

/** `-o wide` */
export const wideNodeColumns = (io: Io): readonly Column<NodeView>[] => [
  ...nodeColumns(io).slice(0, -1),
  { head: 'HEARD', cell: (node) => age(node.last_heard_at, Date.now()), right: true },
  { head: 'CLOCK', cell: ({ clock_offset_ms: ms }) => clock(ms), right: true },
  { head: 'CPUS', cell: ({ resources }) => String(resources?.cpus ?? '-'), right: true },
  { head: 'MEMORY', cell: ({ resources }) => size(resources?.memory_bytes), right: true },
  { head: 'DISK', cell: ({ resources }) => size(resources?.disk_bytes), right: true },
  { head: 'DRIVERS', cell: (node) => node.drivers.join(',') },
  { head: 'CAPABILITIES', cell: ({ capabilities }) => capabilities?.join(',') ?? '-' },
  { head: 'LABELS', cell: (node) => labels(node.labels) },
  { head: 'WARNINGS', cell: ({ warnings = [] }) => warnings.map(({ message }) => message).join('; ') },
]

/** How far the node's clock is ahead of the centre's. */
const clock = (ms: number | undefined): string =>
  ms === undefined ? '-' : `${ms > 0 ? '+' : ''}${Math.abs(ms) < 10_000 ? `${ms}ms` : `${Math.round(ms / 1000)}s`}`

const size = (bytes: number | undefined): string =>
  bytes === undefined
    ? '-'
    : bytes < 1024 ** 3
      ? `${Math.round(bytes / 1024 ** 2)}M`
      : `${(bytes / 1024 ** 3).toFixed(1)}G`

export const executionColumns = (io: Io): readonly Column<ExecutionView>[] => [
  { head: 'ID', cell: (execution) => execution.id },
  { head: 'JOB', cell: (execution) => `${execution.namespace}/${execution.job}` },
  { head: 'NODE', cell: (execution) => execution.node },
  { head: 'STATE', cell: executionState, paint: (text) => paintState(io, text) },
  { head: 'VERSION', cell: (execution) => String(execution.version ?? '-'), right: true },
  { head: 'ATTEMPT', cell: (execution) => String(execution.attempt ?? '-'), right: true },
  { head: 'HEALTH', cell: (execution) => execution.verdict?.is ?? '-' },
  { head: 'ERROR', cell: trouble },
]

const over: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed', 'lost'])

/** What an offline node said last is not what it runs now; what is over stays so. */
const executionState = ({ state, stale }: ExecutionView): string =>
  stale && !over.has(state) ? `${state} (stale)` : state

/** What went wrong, and when it is tried again. */
const trouble = ({ error, next_attempt_at: next }: ExecutionView): string =>
  [error?.message, next === undefined ? undefined : `Next attempt at ${next}.`]
    .filter((text) => text !== undefined)
    .join(' ')
