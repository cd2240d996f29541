/** The limits that halt a rollout. The always-valid test on node outcomes joins them here later (docs/adr/0006). */
import type { Rollout } from '../state.ts'

/** From how many settled nodes on a percentage means something; all of them when the targets are fewer. */
const SETTLED_FOR_PERCENT = 40

export interface Halt {
  readonly reason: 'max_failed_nodes' | 'max_failed_nodes_percent' | 'budget_exhausted'
  readonly message: string
}

/** `immediate` records health and never halts. */
export const whyHalt = (
  rollout: Rollout,
  atRisk: number,
  budget: number,
  /** Whether a target still waits for its first grant. */
  someoneWaits: () => boolean,
): Halt | undefined => {
  const { policy, counts } = rollout
  if (policy.strategy === 'immediate' || counts.failed === 0) return undefined
  const settled = counts.healthy + counts.failed
  if (counts.failed > policy.maxFailedNodes)
    return {
      reason: 'max_failed_nodes',
      message: `${counts.failed} nodes failed, more than the ${policy.maxFailedNodes} that max_failed_nodes allows`,
    }
  const percent = (100 * counts.failed) / settled
  if (settled >= Math.min(SETTLED_FOR_PERCENT, rollout.targets.length) && percent > policy.maxFailedNodesPercent)
    return {
      reason: 'max_failed_nodes_percent',
      message: `${counts.failed} of ${settled} settled nodes failed (${percent.toFixed(1)} %), more than the ${policy.maxFailedNodesPercent} % that max_failed_nodes_percent allows`,
    }
  // It never just stands: with no grant open and no place left, nothing could move it any more.
  if (counts.open === 0 && atRisk >= budget && someoneWaits())
    return {
      reason: 'budget_exhausted',
      message: `${counts.failed} failed nodes fill the budget of ${budget} nodes at risk, and no grant is open`,
    }
  return undefined
}
