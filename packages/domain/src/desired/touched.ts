/** Which nodes' documents a commit of a job changes. The scheduler writes those again, and no others. */
import type { Commit, JobSubjectEvent, NodeId } from '@dunlin/contracts'
import type { Job } from '../job/state.ts'

/**
 * `before`: the nodes that held a grant before the commit was folded, for events that void all of them; only asked when
 * needed, because it may be large.
 */
export const touchedNodes = (
  commit: Commit<JobSubjectEvent>,
  grantedBefore: () => Iterable<NodeId>,
  job: Job,
): ReadonlySet<NodeId> => {
  const touched = new Set<NodeId>()
  for (const event of commit.ev)
    switch (event.type) {
      case 'NodesGranted':
        for (const [node] of event.grants) touched.add(node)
        break
      case 'NodesDeferred':
        for (const { node, reason } of event.nodes) if (reason === 'revoked') touched.add(node)
        break
      case 'GrantsRevoked':
        for (const node of event.nodes) touched.add(node)
        break
      case 'PlacementCompleted':
        for (const node of job.placement.removed) touched.add(node)
        break
      case 'JobStopped':
      case 'JobTimedOut':
      case 'JobDeleted':
      case 'JobCreated':
        for (const node of grantedBefore()) if (!job.rollouts.grants.has(node)) touched.add(node)
        break
      case 'RolloutHalted':
        for (const [node, grant] of job.rollouts.grants) if (grant.verdict?.is === 'failed') touched.add(node)
        break
      case 'VerdictsReached':
        if (job.rollouts.current?.phase === 'halted')
          for (const verdict of event.verdicts) if (verdict.verdict === 'failed') touched.add(verdict.node)
        break
      default:
        break
    }
  return touched
}
