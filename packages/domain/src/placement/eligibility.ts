/** Whether one node may take one job, and if not, the reason that people and programs are told. */
import type { ParsedSelector } from '@dunlin/contracts'
import type { NodeFacts } from '../node/facts.ts'
import { matchesSelector } from './selector.ts'

/** What a job asks of a node. */
export interface JobDemand {
  readonly selector: ParsedSelector
  /** The job's type: the node must have a driver for it. */
  readonly type: string
}

export type LeftOutReason = 'selector' | 'removed' | 'cordoned' | 'drained' | 'capability'
export interface LeftOut {
  readonly reason: LeftOutReason
  readonly because: string
}

/**
 * `undefined` = it may. The selector comes first, so that the counts of a job speak of the nodes it meant. `placed`: the
 * job is there already, so that a cordon does not concern it.
 */
export const whyNotEligible = (demand: JobDemand, node: NodeFacts, placed = false): LeftOut | undefined => {
  if (node.removed) return { reason: 'removed', because: 'the node was removed' }
  const match = matchesSelector(demand.selector, node.id, node.labels)
  if (!match.matches) return { reason: 'selector', because: match.because }
  if (node.scheduling === 'cordoned' && !placed) return { reason: 'cordoned', because: 'the node is cordoned' }
  if (node.scheduling === 'draining') return { reason: 'drained', because: 'the node is being drained' }
  if (!node.drivers.includes(demand.type))
    return { reason: 'capability', because: `the node has no driver for ${demand.type} jobs` }
  return undefined
}
