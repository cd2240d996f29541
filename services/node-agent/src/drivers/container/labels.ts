/** Labels by which containers are known again, whoever restarts. The node's own are told from those of others by the node's id. */
import type { Task } from '../driver.ts'

export const LABELS = {
  node: 'dunlin.node',
  execution: 'dunlin.execution',
  attempt: 'dunlin.attempt',
  namespace: 'dunlin.namespace',
  job: 'dunlin.job',
} as const

export const labelsOf = (task: Task, node: string): Record<string, string> => ({
  [LABELS.node]: node,
  [LABELS.execution]: task.execution,
  [LABELS.attempt]: String(task.attempt),
  [LABELS.namespace]: task.job.namespace,
  [LABELS.job]: task.job.name,
})

/** One per attempt: a second start of the same attempt meets the first one's container, and never makes another. */
export const containerName = ({ execution, attempt }: Pick<Task, 'execution' | 'attempt'>): string =>
  `dunlin-${execution.toLowerCase()}-${attempt}`
