/** The halting rules once more, written down naively: whether the outcomes so far are a FAIL. */
import type { RolloutEntry } from './ledger.ts'

const GRID = [0.1, 0.2, 0.4, 0.8]

/** The mean of the likelihood ratios after each outcome, multiplied one by one; the last and the highest. */
export const evidenceOf = (outcomes: readonly boolean[], p0: number): { readonly e: number; readonly maxE: number } => {
  const ratios = GRID.filter((p) => p > p0).map((p) => ({ p, ratio: 1 }))
  let [e, maxE] = [1, 1]
  for (const failed of outcomes) {
    for (const one of ratios) one.ratio *= failed ? one.p / p0 : (1 - one.p) / (1 - p0)
    e = ratios.length === 0 ? 1 : ratios.reduce((sum, { ratio }) => sum + ratio, 0) / ratios.length
    maxE = Math.max(maxE, e)
  }
  return { e, maxE }
}

/** Why the outcomes must halt the rollout; the percentage only where there is no doubt that enough have settled. */
export const whyFail = ({ policy, outcomes, targets, slots }: RolloutEntry): string | undefined => {
  if (policy.strategy === 'immediate') return undefined
  const failed = outcomes.filter(Boolean).length
  if (policy.analysis !== undefined) {
    const { maxE } = evidenceOf(outcomes, policy.analysis.p0)
    if (maxE >= policy.analysis.haltAt) return `evidence ${maxE} of ${policy.analysis.haltAt}`
  }
  if (policy.maxFailedNodes !== undefined && failed > policy.maxFailedNodes)
    return `${failed} failed of ${policy.maxFailedNodes}`
  const percent = (100 * failed) / Math.max(1, outcomes.length)
  // With fewer than 40 it means something when nobody is left to settle.
  const isAll = targets.length > 0 && outcomes.length >= targets.length && ![...slots.values()].includes('open')
  if ((outcomes.length >= 40 || isAll) && failed > 0 && percent > policy.maxFailedNodesPercent)
    return `${percent} % failed of ${policy.maxFailedNodesPercent} %`
  return undefined
}
