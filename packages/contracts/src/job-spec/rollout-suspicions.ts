/** Rollout policies that can be carried out, but that hardly do what their author means. */
import { formatGoDuration } from '../duration.ts'
import { resolveRolloutPolicy } from './rollout-policy.ts'
import type { RolloutBlock } from './rollout.ts'
import type { Warning } from './warning.ts'

/** What an immediate rollout has no use for: it grants everyone at once, only records health, and never halts. */
const meaninglessAtOnce = [
  'max_parallel',
  'max_parallel_nodes',
  'max_failed_nodes',
  'max_failed_nodes_percent',
  'spread_by',
  'analysis',
] as const satisfies readonly (keyof RolloutBlock)[]

export const rolloutSuspicions = (rollout: RolloutBlock | undefined): readonly Warning[] => {
  if (rollout === undefined) return []
  const { strategy, canary, analysis, maxFailedNodes, maxFailedNodesPercent, health, expiryMs } = resolveRolloutPolicy({
    rollout,
  })
  const warnings: Warning[] = []
  const warn = (field: string, message: string): void => {
    warnings.push({ code: 'suspicious', path: `rollout.${field}`, message })
  }
  if (strategy === 'immediate')
    for (const field of meaninglessAtOnce)
      // 0 and "off" are what generated specs write for "not set".
      if (rollout[field] && rollout[field] !== 'off')
        warn(field, 'has no effect with strategy immediate: every node is granted at once, and nothing halts')
  if (strategy !== 'immediate' && !analysis && maxFailedNodes === undefined && maxFailedNodesPercent === 100)
    warn(
      'analysis',
      'is off and no limit can be passed: only a used-up budget of nodes at risk would halt this rollout',
    )
  if (strategy === 'canary' && canary.unit === 'percent' && canary.value === 100)
    warn('canary_percent', 'makes every node a canary: nobody is left to be protected by them')
  if (health.maxErrorRate === 1)
    warn('health_check.max_error_rate', 'of 1 tolerates every error: only restarts and lost connections are unhealthy')
  if (expiryMs < health.deadlineMs)
    warn(
      'expiry',
      `of ${formatGoDuration(expiryMs)} is shorter than the deadline of one node, ${formatGoDuration(health.deadlineMs)}`,
    )
  return warnings
}
