/** Wave sizes. Percentages round up, so that a wave is never empty while there are targets. */
import type { RolloutPolicy } from '@dunlin/contracts'

/** `{percent, 10}` of 25 targets = 3; `{count, 0}` (older generation) = all. At least 1, at most all. */
export const sizeOf = (share: RolloutPolicy['maxParallel'], targets: number): number => {
  const wanted = share.unit === 'percent' ? Math.ceil((targets * share.value) / 100) : share.value || targets
  return Math.min(targets, Math.max(1, wanted))
}

/** Nodes that may be at risk at once, and the size of a wave: the same number. */
export const waveSizeOf = (policy: RolloutPolicy, targets: number): number =>
  policy.strategy === 'immediate' ? Math.max(1, targets) : sizeOf(policy.maxParallel, Math.max(1, targets))

/** The sizes of all waves; their sum is `targets`. */
export const drawWaves = (policy: RolloutPolicy, targets: number): readonly number[] => {
  if (targets === 0) return []
  const first = policy.strategy === 'canary' ? sizeOf(policy.canary, targets) : 0
  const size = waveSizeOf(policy, targets)
  const waves = first > 0 ? [first] : []
  for (let left = targets - first; left > 0; left -= size) waves.push(Math.min(size, left))
  return waves
}
