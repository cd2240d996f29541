/** Which jobs hold a grant on a node, and which nodes a job has grants on. Follows the job folds. */
import type { JobSubjectEvent, NodeId } from '@dunlin/contracts'

export interface GrantIndex {
  jobsOn(node: NodeId): ReadonlySet<string>
  nodesOf(job: string): ReadonlySet<NodeId>
  /** Adds what a commit granted. */
  note(job: string, events: readonly JobSubjectEvent[]): void
  /** Adds grants that a snapshot brought. */
  add(job: string, node: NodeId): void
  drop(job: string, node: NodeId): void
  clear(): void
  nodes(): IterableIterator<NodeId>
}

const NO_JOBS: ReadonlySet<string> = new Set()
const NO_NODES: ReadonlySet<NodeId> = new Set()

const addTo = <K, V>(map: Map<K, Set<V>>, key: K, value: V): void => {
  const known = map.get(key)
  if (known === undefined) map.set(key, new Set([value]))
  else known.add(value)
}
const dropFrom = <K, V>(map: Map<K, Set<V>>, key: K, value: V): void => {
  const known = map.get(key)
  known?.delete(value)
  if (known?.size === 0) map.delete(key)
}

export const createGrantIndex = (): GrantIndex => {
  const jobs = new Map<NodeId, Set<string>>()
  const nodes = new Map<string, Set<NodeId>>()
  const add = (job: string, node: NodeId): void => {
    addTo(jobs, node, job)
    addTo(nodes, job, node)
  }
  return {
    jobsOn: (node) => jobs.get(node) ?? NO_JOBS,
    nodesOf: (job) => nodes.get(job) ?? NO_NODES,
    note: (job, events) => {
      for (const event of events) if (event.type === 'NodesGranted') for (const [node] of event.grants) add(job, node)
    },
    add,
    drop: (job, node) => {
      dropFrom(jobs, node, job)
      dropFrom(nodes, job, node)
    },
    clear: () => {
      jobs.clear()
      nodes.clear()
    },
    nodes: () => jobs.keys(),
  }
}
