/** Labels by which containers are known again, whoever restarts. */
import type { Task } from '../driver.ts'

export const LABELS = {
  node: 'dunlin.node',
  data: 'dunlin.data',
  execution: 'dunlin.execution',
  attempt: 'dunlin.attempt',
  namespace: 'dunlin.namespace',
  job: 'dunlin.job',
} as const

/** Whose containers they are. Two agents of one name may share an engine (development fleets): their data tells them apart. */
export interface Owner {
  readonly node: string
  /** Stands for the data directory. */
  readonly data: string
}

export const ownerLabels = ({ node, data }: Owner): Record<string, string> => ({
  [LABELS.node]: node,
  [LABELS.data]: data,
})

export const labelsOf = (task: Task, owner: Owner): Record<string, string> => ({
  ...ownerLabels(owner),
  [LABELS.execution]: task.execution,
  [LABELS.attempt]: String(task.attempt),
  [LABELS.namespace]: task.job.namespace,
  [LABELS.job]: task.job.name,
})

/** One per attempt: a second start of the same attempt meets the first one's container, and never makes another. */
export const containerName = ({ execution, attempt }: Pick<Task, 'execution' | 'attempt'>): string =>
  `dunlin-${execution.toLowerCase()}-${attempt}`
