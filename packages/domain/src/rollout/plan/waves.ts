/** Wave sizes and the ramp inside the first. Percentages round up, so that a wave is never empty while there are targets. */
import type { RolloutPolicy, RolloutType } from '@dunlin/contracts'

/** `{percent, 10}` of 25 targets = 3; `{count, 0}` (older generation) = all. At least 1, at most all. */
export const sizeOf = (share: RolloutPolicy['maxParallel'], targets: number): number => {
  const wanted = share.unit === 'percent' ? Math.ceil((targets * share.value) / 100) : share.value || targets
  return Math.min(targets, Math.max(1, wanted))
}

/** Nodes that may be at risk at once, and the size of a wave: the same number. */
export const waveSizeOf = (policy: RolloutPolicy, targets: number): number =>
  policy.strategy === 'immediate' ? Math.max(1, targets) : sizeOf(policy.maxParallel, Math.max(1, targets))

/** The sizes of all waves; their sum is `targets`. A wave is as large as the budget. */
export const drawWaves = (
  policy: RolloutPolicy,
  targets: number,
  budget = waveSizeOf(policy, targets),
): readonly number[] => {
  if (targets === 0) return []
  const first = policy.strategy === 'canary' ? sizeOf(policy.canary, targets) : 0
  const waves = first > 0 ? [first] : []
  for (let left = targets - first; left > 0; left -= budget) waves.push(Math.min(budget, left))
  return waves
}

/** The first step of the ramp: two nodes that fail are proof, one may have a broken disk. */
const FIRST_STEP = 2

/**
 * How many nodes a rollout may have granted after `settled` of them have settled: 2, then a tenth of a wave more, then as
 * many as the wave holds. A release that is broken everywhere is stopped by its second node.
 */
export const rampLimit = (
  {
    type,
    policy,
    isProven,
  }: { readonly type: RolloutType; readonly policy: RolloutPolicy; readonly isProven: boolean },
  budget: number,
  settled: number,
): number => {
  // The nodes that wait for a rollback are broken, and what it brings is proven; unless a person named something else.
  if (policy.strategy === 'immediate' || (type === 'rollback' && isProven)) return Infinity
  return rampSteps(budget).find((step) => settled < step) ?? Infinity
}

/** The cumulative steps of the ramp below a whole wave; empty when a wave is so small that there is none. */
export const rampSteps = (budget: number): readonly number[] =>
  [FIRST_STEP, FIRST_STEP + Math.ceil(budget / 10)].filter((step) => step < budget)
