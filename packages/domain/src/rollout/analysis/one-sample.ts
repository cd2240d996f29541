/**
 * The always-valid test on node outcomes: has this version more failing nodes than the tolerated share `p0`? Its e-value
 * begins at 1 and, while the true share is `p0` or less, is a non-negative supermartingale: the probability that it ever
 * reaches 1/alpha is at most alpha (Ville), however often somebody looks. So it may be looked at after every node, and
 * halting at 20 halts at most 5 % of the rollouts whose true share is exactly `p0`, far fewer below.
 *
 * The e-value is the mean of the likelihood ratios of a few alternatives against `p0`. It depends on the two counts only:
 * the order of outcomes changes when a limit is reached, never the value in the end.
 */

export interface Outcomes {
  /** Nodes that gave evidence: healthy or failed. */
  readonly settled: number
  /** Those of them that failed. */
  readonly failed: number
}

/** The evidence after some outcomes, and the highest that it ever was: a FAIL is latched. */
export interface Evidence extends Outcomes {
  readonly e: number
  readonly maxE: number
}

/** Failing shares that are weighed against the tolerated one. */
const ALTERNATIVES = [0.1, 0.2, 0.4, 0.8]

/**
 * The e-value of these counts against a tolerated share `p0` (0..1).
 *
 * Only alternatives above `p0` are weighed; with `p0` of 0.8 or more there is none, the value stays 1 and the test never
 * halts: where four of five nodes may fail, a limit has to say it. With a `p0` of 0 one failure is proof. A value beyond
 * the largest double is that double, so that it stays a number in JSON.
 */
export const eValue = ({ settled, failed }: Outcomes, p0: number): number => {
  const logs: number[] = []
  for (const p of ALTERNATIVES)
    if (p > p0) logs.push(logRatio(failed, p / p0) + logRatio(settled - failed, (1 - p) / (1 - p0)))
  if (logs.length === 0) return 1
  const highest = Math.max(...logs)
  if (highest === Infinity) return Number.MAX_VALUE
  let sum = 0
  for (const log of logs) sum += Math.exp(log - highest)
  return Math.min(Number.MAX_VALUE, Math.exp(highest + Math.log(sum / logs.length)))
}

/** ln of `ratio` to the power of `count`; nothing seen says nothing, also where the ratio is infinite. */
const logRatio = (count: number, ratio: number): number => (count === 0 ? 0 : count * Math.log(ratio))

export const noEvidence: Evidence = { settled: 0, failed: 0, e: 1, maxE: 1 }

/** Adds the outcome of one node. */
export const addOutcome = (evidence: Evidence, outcome: 'healthy' | 'failed', p0: number): Evidence => {
  const settled = evidence.settled + 1
  const failed = evidence.failed + (outcome === 'failed' ? 1 : 0)
  const e = eValue({ settled, failed }, p0)
  return { settled, failed, e, maxE: Math.max(evidence.maxE, e) }
}
