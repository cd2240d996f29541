/**
 * What a halting rule does, computed and not simulated: how likely it halts a rollout and how many nodes are touched by
 * then. A figure that is measured stands beside the one computed here; their difference is what a fleet and an engine add.
 */
import { eValue, type Outcomes } from './one-sample.ts'

/** Whether a rollout of `targets` nodes halts on these outcomes. More failures must never make it go on. */
export type HaltingRule = (outcomes: Outcomes, targets: number) => boolean

export const analysisRule =
  ({ p0, haltAt }: { readonly p0: number; readonly haltAt: number }): HaltingRule =>
  (outcomes) =>
    eValue(outcomes, p0) >= haltAt

/** More than `percent` of the settled nodes failed, once so many have settled (or all, when the targets are fewer). */
export const percentRule =
  (percent: number, fromSettled: number): HaltingRule =>
  ({ settled, failed }, targets) =>
    settled >= Math.min(fromSettled, targets) && 100 * failed > percent * settled

/** As `percentRule`, and at the percentage itself too: how most fleet managers state their thresholds. */
export const reachedPercentRule =
  (percent: number, fromSettled: number): HaltingRule =>
  ({ settled, failed }, targets) =>
    settled >= Math.min(fromSettled, targets) && 100 * failed >= percent * settled

/** More than this many nodes failed. */
export const countRule =
  (most: number): HaltingRule =>
  ({ failed }) =>
    failed > most

export const anyOf =
  (...rules: readonly HaltingRule[]): HaltingRule =>
  (outcomes, targets) =>
    rules.some((rule) => rule(outcomes, targets))

export interface Characteristics {
  /** Probability that the rollout is ever halted. */
  readonly halts: number
  /** `touchedAt[n]`: probability that it halts with exactly n nodes touched. */
  readonly touchedAt: Float64Array
}

export interface ExactCase {
  readonly rule: HaltingRule
  /** Which nodes fail: so many of the targets, any of them; or each with this probability (0..1), by itself. */
  readonly broken: { readonly nodes: number } | { readonly share: number }
  /**
   * Nodes that are granted together: the next ones are granted when these have settled. All ones = one at a time, what a
   * rule can reach at best.
   */
  readonly batches: readonly number[]
}

/**
 * Groups one after another, each judged by itself: one that passes is forgotten, as in managers that watch the errors of the
 * present group only. One node at a time, each failing by itself with this probability.
 */
export const characteristicsOfGroups = (
  rule: HaltingRule,
  share: number,
  groups: readonly number[],
): Characteristics => {
  const touchedAt = new Float64Array(groups.reduce((sum, size) => sum + size, 0) + 1)
  let [before, goesOn] = [0, 1]
  for (const size of groups) {
    const group = characteristicsOf({ rule, broken: { share }, batches: oneByOne(size) })
    group.touchedAt.forEach((probability, nodes) => {
      touchedAt[before + nodes] = (touchedAt[before + nodes] as number) + goesOn * probability
    })
    goesOn *= 1 - group.halts
    before += size
  }
  return { halts: touchedAt.reduce((sum, probability) => sum + probability, 0), touchedAt }
}

/** One node at a time. */
export const oneByOne = (nodes: number): readonly number[] => Array.from({ length: nodes }, () => 1)

/**
 * Dynamic programming over (settled, failed) of the rollouts that go on. The healthy nodes of a batch settle together, and
 * before the failed ones, as with the default thresholds (two good windows, three bad ones); the rule is looked at twice.
 */
export const characteristicsOf = ({ rule, broken, batches }: ExactCase): Characteristics => {
  const targets = batches.reduce((sum, size) => sum + size, 0)
  const limits = limitsOf(rule, targets)
  const touchedAt = new Float64Array(targets + 1)
  let goOn = new Float64Array(targets + 1)
  goOn[0] = 1
  let settled = 0
  for (const size of batches) {
    const independent = 'share' in broken ? binomial(size, broken.share) : undefined
    const next = new Float64Array(targets + 1)
    let halted = 0
    for (let before = 0; before <= settled; before += 1) {
      const here = goOn[before] as number
      if (here === 0) continue
      const ofBatch =
        independent ?? hypergeometric(targets - settled, 'nodes' in broken ? broken.nodes - before : 0, size)
      for (let failing = 0; failing <= size; failing += 1) {
        const probability = here * (ofBatch[failing] as number)
        if (passes(limits, settled, before, size, failing))
          next[before + failing] = (next[before + failing] as number) + probability
        else halted += probability
      }
    }
    settled += size
    touchedAt[settled] = halted
    goOn = next
  }
  return { halts: touchedAt.reduce((sum, probability) => sum + probability, 0), touchedAt }
}

/** `limits[settled]`: the fewest failed nodes that halt there; beyond `settled` when none do. */
const limitsOf = (rule: HaltingRule, targets: number): Int32Array => {
  const limits = new Int32Array(targets + 1)
  for (let settled = 0; settled <= targets; settled += 1) {
    // Limits change little from one to the next, so the search begins there.
    let failed = Math.min(settled + 1, settled === 0 ? 1 : (limits[settled - 1] as number))
    while (failed > 0 && rule({ settled, failed: failed - 1 }, targets)) failed -= 1
    while (failed <= settled && !rule({ settled, failed }, targets)) failed += 1
    limits[settled] = failed
  }
  return limits
}

const passes = (limits: Int32Array, settled: number, before: number, size: number, failing: number): boolean => {
  const healthy = size - failing
  if (healthy > 0 && before >= (limits[settled + healthy] as number)) return false
  if (failing > 0 && before + failing >= (limits[settled + size] as number)) return false
  return true
}

/** Probabilities of 0..n failures among n, each with probability p. In logs: 0.1^1000 is below the smallest double. */
const binomial = (n: number, p: number): Float64Array => {
  const row = new Float64Array(n + 1)
  if (p <= 0 || p >= 1) {
    row[p <= 0 ? 0 : n] = 1
    return row
  }
  let logChoose = 0
  for (let k = 0; k <= n; k += 1) {
    if (k > 0) logChoose += Math.log((n - k + 1) / k)
    row[k] = Math.exp(logChoose + k * Math.log(p) + (n - k) * Math.log1p(-p))
  }
  return row
}

/** Probabilities of 0..n failures among n nodes drawn from `left`, of which `broken` fail. */
const hypergeometric = (left: number, broken: number, n: number): Float64Array => {
  const row = new Float64Array(n + 1)
  const fewest = Math.max(0, n - (left - broken))
  const most = Math.min(n, broken)
  // From each probability to the next by their ratio, beginning at the likeliest, so that nothing underflows on the way.
  const likeliest = Math.min(most, Math.max(fewest, Math.floor(((n + 1) * (broken + 1)) / (left + 2))))
  row[likeliest] = 1
  const ratio = (k: number): number => ((broken - k) * (n - k)) / ((k + 1) * (left - broken - n + k + 1))
  for (let k = likeliest; k < most; k += 1) row[k + 1] = (row[k] as number) * ratio(k)
  for (let k = likeliest; k > fewest; k -= 1) row[k - 1] = (row[k] as number) / ratio(k - 1)
  const sum = row.reduce((all, weight) => all + weight, 0)
  return row.map((weight) => weight / sum)
}

/** Nodes touched in the share `q` (0..1) of all rollouts with the fewest; one that is never halted touches all. */
export const touchedOfAll = ({ touchedAt }: Characteristics, q: number): number => {
  let sum = 0
  const nodes = touchedAt.findIndex((probability) => (sum += probability) >= q * (1 - 1e-12) && sum > 0)
  return nodes < 0 ? touchedAt.length - 1 : nodes
}

/** Nodes touched in the share `q` (0..1) of the halted rollouts with the fewest; undefined when none halts. */
export const touchedQuantile = ({ halts, touchedAt }: Characteristics, q: number): number | undefined => {
  let sum = 0
  for (let nodes = 0; nodes < touchedAt.length; nodes += 1) {
    sum += touchedAt[nodes] as number
    if (sum > 0 && sum >= q * halts * (1 - 1e-12)) return nodes
  }
  return undefined
}

/**
 * The most often that something of probability `p` may happen in `n` independent trials before a test calls it wrong:
 * seen more often with probability below `risk`.
 */
export const mostBelievable = (n: number, p: number, risk: number): number => {
  const row = binomial(n, p)
  let above = 0
  for (let k = n; k >= 0; k -= 1) {
    above += row[k] as number
    if (above >= risk) return k
  }
  return 0
}
