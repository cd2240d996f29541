/** Which jobs a node may have been placed for; a superset, because unfinished evaluations are noted too. */
import type { JobSubjectEvent, NodeId } from '@dunlin/contracts'

export interface PlacementIndex {
  jobsOf(node: NodeId): Iterable<string>
  note(job: string, events: readonly JobSubjectEvent[]): void
  add(job: string, node: NodeId): void
  clear(): void
}

export const createPlacementIndex = (): PlacementIndex => {
  const jobs = new Map<NodeId, Set<string>>()
  const add = (job: string, node: NodeId): void => {
    const known = jobs.get(node)
    if (known === undefined) jobs.set(node, new Set([job]))
    else known.add(job)
  }
  return {
    jobsOf: (node) => jobs.get(node) ?? [],
    note: (job, events) => {
      for (const event of events) {
        if (event.type !== 'PlacementChanged') continue
        for (const node of event.add) add(job, node)
        for (const node of event.remove) jobs.get(node)?.delete(job)
      }
    },
    add,
    clear: () => jobs.clear(),
  }
}
