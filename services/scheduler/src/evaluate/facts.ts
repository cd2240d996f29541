/** What placement is decided on: the demand of each job, and each node as placement sees it. */
import { parseSelector, type NodeId } from '@dunlin/contracts'
import {
  demandOfSpec,
  drainOf,
  isPresent,
  nodeFacts,
  specOfStored,
  type Job,
  type JobDemand,
  type NodeFacts,
} from '@dunlin/domain'
import type { Work } from '../work.ts'

/** `undefined`: the job belongs nowhere (stopped, failed, deleted, or nothing was applied). */
export const demandOf = (key: string, job: Job): JobDemand | undefined => {
  if (!isPresent(job) || job.versions.lifecycle !== 'active') return undefined
  const { spec, state } = job.versions
  const selector = parseSelector(specOfStored(spec).selector ?? {})
  // Applied specs were parsed; one that cannot be parsed any more was written by another release and places nobody.
  if (!selector.ok) return undefined
  return demandOfSpec(spec, selector.selector, { key, isCompleted: state.type === 'completed' })
}

export const factsOf = (work: Work, id: NodeId): NodeFacts | undefined => {
  const { fold, draining } = work.fleet
  const node = fold.get('node', id)?.state
  const reports = fold.get('report', id)?.state
  return nodeFacts(id, node, reports, draining.has(id) ? stayingOn(work, id) : undefined)
}

const stayingOn = ({ fleet, clock }: Work, id: NodeId): ReadonlySet<string> | undefined => {
  const scheduling = fleet.fold.get('node', id)?.state.scheduling
  if (scheduling?.is !== 'draining') return undefined
  return drainOf({
    node: id,
    scheduling,
    reports: fleet.fold.get('report', id)?.state,
    granted: fleet.grants.jobsOn(id),
    jobOf: (key) => fleet.fold.get('job', key)?.state,
    nowMs: clock.nowMs(),
  }).stays
}

export function* allFacts(work: Work): Generator<NodeFacts> {
  for (const id of work.fleet.fold.table('node').keys()) {
    const facts = factsOf(work, id as NodeId)
    if (facts !== undefined) yield facts
  }
}
