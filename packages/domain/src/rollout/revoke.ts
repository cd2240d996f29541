/**
 * Grants that their nodes did not start before they fell silent. They are revoked at once, so that nobody waits for them; their
 * places come free only when they cannot be activated any more, so that "never more than N at risk" holds through partitions.
 */
import type { ExecutionId, JobSubjectEvent, NodeId } from '@dunlin/contracts'
import type { PresentJob } from '../job/state.ts'
import { chunks } from './grants.ts'

export interface RevokeFacts {
  readonly isConnected: (node: NodeId) => boolean
  /** The node has reported something of this execution. */
  readonly isStarted: (node: NodeId, execution: ExecutionId) => boolean
  /** The document without the revoked grant stands in DESIRED for longer than any document is fresh. */
  readonly isStale: (node: NodeId, revokedAt: number) => boolean
}

type Commits = readonly (readonly JobSubjectEvent[])[]

/** Also those of a rollout that was superseded: what came after it must not find them started one day. */
export const revokeUnstarted = (job: PresentJob, facts: RevokeFacts): Commits => {
  const { current, grants, atRisk, revoked } = job.rollouts
  if (current === undefined) return []
  const nodes: NodeId[] = []
  for (const node of atRisk) {
    const grant = grants.get(node)
    if (grant === undefined || grant.verdict !== undefined || grant.isUnproven === true) continue
    if (revoked.has(node) || facts.isConnected(node)) continue
    if (!facts.isStarted(node, grant.execution)) nodes.push(node)
  }
  return chunks(nodes).map((part) => [{ type: 'GrantsRevoked', rollout: current.id, nodes: part }])
}

/** A node that has started after all, in the moment in which it fell silent, keeps its place until it is granted anew. */
export const freePlaces = ({ rollouts }: PresentJob, facts: Omit<RevokeFacts, 'isConnected'>): Commits => {
  if (rollouts.current === undefined || rollouts.revoked.size === 0) return []
  const nodes: NodeId[] = []
  for (const [node, { executions, seq }] of rollouts.revoked)
    if (facts.isStale(node, seq) && !executions.some((execution) => facts.isStarted(node, execution))) nodes.push(node)
  const rollout = rollouts.current.id
  return chunks(nodes).map((part) => [{ type: 'PlacesFreed', rollout, nodes: part }])
}
