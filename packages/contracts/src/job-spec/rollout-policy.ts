/** The rollout block with every default filled in: what planners and judges work with. */
import type { RolloutPolicy } from '../events/rollout.ts'
import { durationMs } from '../duration.ts'
import { defaultDeadlineMs, HEALTH_DEFAULTS, ROLLOUT_DEFAULTS } from './rollout-defaults.ts'
import type { RolloutBlock } from './rollout.ts'

const msOr = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : durationMs(text)

export const resolveRolloutPolicy = ({
  rollout = {},
}: {
  readonly rollout?: RolloutBlock | undefined
}): RolloutPolicy => {
  const health = rollout.health_check ?? {}
  const intervalMs = msOr(health.interval, HEALTH_DEFAULTS.intervalMs)
  const successThreshold = health.success_threshold ?? HEALTH_DEFAULTS.successThreshold
  const failureThreshold = health.failure_threshold ?? HEALTH_DEFAULTS.failureThreshold
  const strategy = rollout.strategy ?? ROLLOUT_DEFAULTS.strategy
  // Everyone at once: health is recorded, but there is nothing left to stop and nobody to go back with.
  const immediate = strategy === 'immediate'
  return {
    strategy,
    // 0 as a percentage means "not set"; 0 as a count means all.
    maxParallel:
      rollout.max_parallel_nodes === undefined
        ? { unit: 'percent', value: rollout.max_parallel || ROLLOUT_DEFAULTS.maxParallelPercent }
        : { unit: 'count', value: rollout.max_parallel_nodes },
    canary: rollout.canary_percent
      ? { unit: 'percent', value: rollout.canary_percent }
      : { unit: 'count', value: rollout.canary_count || ROLLOUT_DEFAULTS.canaryCount },
    autoPromote: rollout.auto_promote ?? false,
    // No count unless asked for: a fixed number of failures halts large harmless rollouts (docs: rollouts).
    ...(rollout.max_failed_nodes === undefined ? {} : { maxFailedNodes: rollout.max_failed_nodes }),
    maxFailedNodesPercent: rollout.max_failed_nodes_percent ?? ROLLOUT_DEFAULTS.maxFailedNodesPercent,
    autoRollback: !immediate && !(rollout.no_auto_rollback ?? false),
    ...(immediate || rollout.analysis === 'off' ? {} : { analysis: { ...ROLLOUT_DEFAULTS.analysis } }),
    ...(rollout.spread_by === undefined ? {} : { spreadBy: rollout.spread_by }),
    health: {
      intervalMs,
      maxErrorRate: health.max_error_rate ?? HEALTH_DEFAULTS.maxErrorRate,
      successThreshold,
      failureThreshold,
      deadlineMs: msOr(health.deadline, defaultDeadlineMs(intervalMs, successThreshold, failureThreshold)),
    },
    expiryMs: msOr(rollout.expiry, ROLLOUT_DEFAULTS.expiryMs),
  }
}
