/** A node's reports as JSON, for snapshots. */
import type { ExecutionId, JournalId, Transition } from '@dunlin/contracts'
import type { NodeReports } from './state.ts'

type ReportsJson = Omit<NodeReports, 'journals' | 'executions'> & {
  readonly journals: [JournalId, number][]
  readonly executions: [ExecutionId, Transition][]
}

export const reportsToJson = ({ journals, executions, ...rest }: NodeReports): ReportsJson => ({
  ...rest,
  journals: [...journals],
  executions: [...executions],
})

/** Keeps parts of its input. */
export const reportsFromJson = (json: unknown): NodeReports => {
  const { journals, executions, ...rest } = json as ReportsJson
  return { ...rest, journals: new Map(journals), executions: new Map(executions) }
}
