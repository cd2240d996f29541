/**
 * When a rollout halts: the always-valid test on node outcomes, the limits of its policy, or a budget that failed nodes have
 * used up. Every halt is recorded with the numbers that decided it.
 */
import type { HaltEvidence } from '@dunlin/contracts'
import { nodeCount } from '../../words.ts'
import type { Rollout } from '../state.ts'

/** From how many settled nodes on a percentage means something; all that can settle when those are fewer. */
export const SETTLED_FOR_PERCENT = 40

export interface Halt {
  readonly reason: 'analysis' | 'max_failed_nodes' | 'max_failed_nodes_percent' | 'budget_exhausted' | 'none_healthy'
  readonly message: string
}

/** What may still come of a rollout. The two questions walk its nodes, so they are asked only when the answer decides. */
export interface Prospects {
  /** Nodes at risk whose places do not come free by themselves. */
  readonly stuckAtRisk: number
  readonly budget: number
  /** Placed nodes whose outcome will count and that have none yet. */
  readonly stillToSettle: () => number
  /** Somebody waits to be granted, and nobody can be without a new place in the budget. */
  readonly waitsForPlace: () => boolean
}

/** `immediate` records health, and halts by none of these. */
export const whyHalt = (rollout: Rollout, prospects: Prospects): Halt | undefined => {
  if (rollout.policy.strategy === 'immediate') return undefined
  return failedByTest(rollout) ?? failedByLimit(rollout, prospects) ?? exhausted(rollout, prospects)
}

/** The maximum decides: outcomes that come later never take a FAIL back. */
const failedByTest = ({ policy: { analysis }, evidence }: Rollout): Halt | undefined =>
  analysis === undefined || evidence.maxE < analysis.haltAt
    ? undefined
    : {
        reason: 'analysis',
        message: `${failedOf(evidence)}: evidence ${shown(evidence.maxE)} that more than ${100 * analysis.p0} % of the nodes fail (halts at ${analysis.haltAt})`,
      }

const failedByLimit = ({ policy, evidence }: Rollout, { stillToSettle }: Prospects): Halt | undefined => {
  const { failed, settled } = evidence
  if (failed === 0) return undefined
  if (policy.maxFailedNodes !== undefined && failed > policy.maxFailedNodes)
    return {
      reason: 'max_failed_nodes',
      message: `${nodeCount(failed)} failed, more than the ${policy.maxFailedNodes} that max_failed_nodes allows`,
    }
  const percent = (100 * failed) / settled
  if (percent <= policy.maxFailedNodesPercent) return undefined
  // An explicit 0 tolerates none: no further node could make it true again.
  const isEnough = settled >= SETTLED_FOR_PERCENT || policy.maxFailedNodesPercent === 0 || stillToSettle() === 0
  if (!isEnough) return undefined
  return {
    reason: 'max_failed_nodes_percent',
    message: `${failedOf(evidence)} (${percent.toFixed(1)} %), more than the ${policy.maxFailedNodesPercent} % that max_failed_nodes_percent allows`,
  }
}

/** It never just stands: with no grant open and no place left, nothing could move it any more. */
const exhausted = ({ counts }: Rollout, { stuckAtRisk, budget, waitsForPlace }: Prospects): Halt | undefined => {
  const failed = counts.failed + counts.lost
  if (failed === 0 || counts.open > 0 || stuckAtRisk < budget || !waitsForPlace()) return undefined
  return {
    reason: 'budget_exhausted',
    message: `${nodeCount(stuckAtRisk)} at risk ${stuckAtRisk === 1 ? 'fills' : 'fill'} the budget of ${budget}, and no grant is open: the budget is used up, the version is not proven bad`,
  }
}

export const haltEvidence = (rollout: Rollout, atRisk: number, budget = rollout.budget): HaltEvidence => {
  const { settled, failed, e, maxE } = rollout.evidence
  const { analysis } = rollout.policy
  return { settled, failed, ...(analysis === undefined ? {} : { e, maxE, ...analysis }), atRisk, budget }
}

const failedOf = ({ failed, settled }: { failed: number; settled: number }): string =>
  `${failed} of ${settled} settled ${settled === 1 ? 'node' : 'nodes'} failed`

const shown = (e: number): string => (e >= 1e6 ? e.toExponential(1) : e.toFixed(1))
