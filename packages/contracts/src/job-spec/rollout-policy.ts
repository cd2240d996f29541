/** The rollout block with every default filled in: what planners and judges work with. */
import type { RolloutPolicy } from '../events/rollout.ts'
import { durationMs } from './duration.ts'
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
  return {
    strategy: rollout.strategy ?? ROLLOUT_DEFAULTS.strategy,
    // 0 as a percentage means "not set"; 0 as a count means all.
    maxParallel:
      rollout.max_parallel_nodes === undefined
        ? { unit: 'percent', value: rollout.max_parallel || ROLLOUT_DEFAULTS.maxParallelPercent }
        : { unit: 'count', value: rollout.max_parallel_nodes },
    canary: rollout.canary_percent
      ? { unit: 'percent', value: rollout.canary_percent }
      : { unit: 'count', value: rollout.canary_count || ROLLOUT_DEFAULTS.canaryCount },
    autoPromote: rollout.auto_promote ?? false,
    maxFailedNodes: rollout.max_failed_nodes ?? ROLLOUT_DEFAULTS.maxFailedNodes,
    maxFailedNodesPercent: rollout.max_failed_nodes_percent ?? ROLLOUT_DEFAULTS.maxFailedNodesPercent,
    autoRollback: !(rollout.no_auto_rollback ?? false),
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
