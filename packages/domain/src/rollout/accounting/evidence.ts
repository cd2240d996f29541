/** Whether a rollout has failed, by the second books alone. */
import { eValue } from '../analysis/one-sample.ts'
import { mayStillSettle, type Ledger, type LedgerRollout } from './ledger.ts'

/** The evidence of the outcomes so far: batch, in their order, with the maximum kept. */
export const evidenceOf = ({ outcomes, policy }: LedgerRollout) => {
  let maxE = 1
  let [n, failed, e] = [0, 0, 1]
  for (const outcome of outcomes) {
    n += 1
    if (outcome === 'failed') failed += 1
    e = policy.analysis === undefined ? 1 : eValue({ settled: n, failed }, policy.analysis.p0)
    maxE = Math.max(maxE, e)
  }
  return { settled: n, failed, e, maxE }
}

/** What the books say about whether a rollout has failed; `undefined` = it has not. */
export const reasonToHalt = (ledger: Ledger, rollout: LedgerRollout): string | undefined => {
  const { policy } = rollout
  if (policy.strategy === 'immediate') return undefined
  const { settled: n, failed, maxE } = evidenceOf(rollout)
  if (policy.analysis !== undefined && maxE >= policy.analysis.haltAt) return 'analysis'
  if (failed > (policy.maxFailedNodes ?? Infinity)) return 'max_failed_nodes'
  const share = (100 * failed) / Math.max(1, n)
  const enough = policy.maxFailedNodesPercent === 0 || n >= Math.min(40, n + mayStillSettle(ledger, rollout))
  return enough && share > policy.maxFailedNodesPercent ? 'max_failed_nodes_percent' : undefined
}
