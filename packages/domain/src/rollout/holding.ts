/** What holds a rollout besides a person: a judge that cannot see, places that earlier failures take, an unpromoted canary. */
import type { JobSubjectEvent } from '@dunlin/contracts'
import type { PresentJob } from '../job/state.ts'
import { isReachable, type AdvanceFacts } from './facts.ts'
import type { Prospects } from './health/halting.ts'
import { waveMembers, type Rollout } from './state.ts'

type Commits = readonly (readonly JobSubjectEvent[])[]
const WAIT: Commits = []
/** How many nodes a message names. */
const NAMED = 3

/** A judge that cannot see holds the rollout, and lets it go on when it sees again. */
export const lookAround = (rollout: Rollout, { sight }: AdvanceFacts): Commits => {
  const held = rollout.holds.visibility !== undefined
  if (sight === 'clear')
    return held ? [[{ type: 'HoldLifted', rollout: rollout.id, hold: 'visibility', reason: 'seen_again' }]] : WAIT
  if (sight === 'unknown' || held) return WAIT
  return [[{ type: 'HoldPlaced', rollout: rollout.id, hold: 'visibility', ...sight }]]
}

/**
 * Nodes that failed in earlier rollouts may take all places. That proves nothing about this version, so nothing is rolled
 * back; it waits until one of them is back or removed, or until a person writes them off.
 */
export const lookForRoom = (job: PresentJob, rollout: Rollout, prospects: Prospects, facts: AdvanceFacts): Commits => {
  const held = rollout.holds.budget !== undefined
  const { stuckAtRisk, budget } = prospects
  const isTaken =
    rollout.counts.open === 0 &&
    stuckAtRisk >= budget &&
    prospects.waitsForPlace() &&
    !isAtRiskAndBack(job, rollout, facts)
  if (isTaken === held) return WAIT
  const hold = { rollout: rollout.id, hold: 'budget' as const }
  if (held) return [[{ type: 'HoldLifted', ...hold, reason: 'places_free' }]]
  return [[{ type: 'HoldPlaced', ...hold, reason: 'places_taken', message: whoTakes(job, budget) }]]
}

/** It takes no new place: its wave serves it, if not this one then a later one. */
const isAtRiskAndBack = ({ rollouts: { atRisk } }: PresentJob, { slots }: Rollout, facts: AdvanceFacts): boolean => {
  for (const node of atRisk) if (slots.get(node) === 'deferred' && isReachable(facts, node)) return true
  return false
}

const whoTakes = ({ rollouts: { atRisk, revoked } }: PresentJob, budget: number): string => {
  const nodes = [...atRisk].filter((node) => !revoked.has(node))
  const more = nodes.length > NAMED ? ` and ${nodes.length - NAMED} more` : ''
  return `Nodes that failed before take all ${budget} places: ${nodes.slice(0, NAMED).join(', ')}${more}`
}

/** What the canary wave says: an empty chair proves nothing, so a canary of which nobody could be reached waits for one. */
export const ofCanary = (
  job: PresentJob,
  rollout: Rollout,
): 'go' | 'nobody' | { readonly reason: string; readonly message: string } => {
  const { counts, policy, waves } = rollout
  const failed = counts.failed + counts.lost
  if (counts.healthy + failed === 0) {
    if (waveMembers(rollout, 0).some((node) => job.placement.nodes.has(node))) return 'nobody'
    return { reason: 'canary_removed', message: 'No canary is left that could prove anything: waits to be promoted' }
  }
  const of = `${counts.healthy} of ${waves[0]} canaries ${counts.healthy === 1 ? 'is' : 'are'} healthy`
  if (failed > 0) return { reason: 'canary_failed', message: `${of}, ${failed} failed: waits to be promoted or halted` }
  return policy.autoPromote ? 'go' : { reason: 'canary_passed', message: `${of}: waits to be promoted` }
}
