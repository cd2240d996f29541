/** A rollout of which nobody is healthy and nobody can be granted any more: waiting would change nothing, so it ends. */
import type { PresentJob } from '../job/state.ts'
import { nodeCount } from '../words.ts'
import type { AdvanceFacts } from './facts.ts'
import type { Halt } from './health/halting.ts'
import type { Rollout } from './state.ts'

/** Everybody had a turn, nobody is healthy and nobody can come. */
export const nobodyIsLeft = ({ counts }: Rollout): boolean =>
  counts.open + counts.healthy + counts.deferred === 0 && counts.failed + counts.lost > 0

/**
 * An immediate rollout stops nobody, so what has failed there may recover: until the latest of the deadlines that its nodes
 * were granted under. Milliseconds since the epoch; time on hold does not count.
 */
export const recoversUntil = ({ rollouts }: PresentJob, rollout: Rollout): number => {
  let grantedAt = rollout.openedAt
  for (const [node, slot] of rollout.slots)
    if (slot === 'failed' || slot === 'lost') grantedAt = Math.max(grantedAt, rollouts.grants.get(node)?.at ?? 0)
  return grantedAt + rollout.heldMs + rollout.policy.health.deadlineMs
}

export const isHopeless = (job: PresentJob, rollout: Rollout, { nowMs, mayRecover }: AdvanceFacts): boolean => {
  if (!nobodyIsLeft(rollout)) return false
  if (rollout.policy.strategy !== 'immediate' || nowMs > recoversUntil(job, rollout)) return true
  if (mayRecover === undefined) return false
  for (const [node, slot] of rollout.slots) if ((slot === 'failed' || slot === 'lost') && mayRecover(node)) return false
  return true
}

export const hopeless = ({ counts }: Rollout): Halt => ({
  reason: 'none_healthy',
  message: `Nobody is left to be granted, and of ${nodeCount(counts.failed + counts.lost)} none is healthy`,
})
