/**
 * The older generation of the rollout block, `deployment`: `max_parallel` counts nodes (0 = all), and a node is healthy
 * after `min_healthy_time` without a break. It is translated when the spec is read; only the present form is kept.
 */
import * as z from 'zod'
import { block, problem } from './block.ts'
import { durationSchema } from './duration-schema.ts'
import { durationMs, formatGoDuration } from '../duration.ts'
import { HEALTH_DEFAULTS, MIN_INTERVAL_MS } from './rollout-defaults.ts'
import { checkCanaryFields, commonHealthFields, commonRolloutFields, type RolloutBlock } from './rollout.ts'
import type { Warning } from './warning.ts'

export const deploymentSchema = block({
  ...commonRolloutFields,
  max_parallel: z.int().min(0).max(1_000_000).optional(),
  health_check: block({
    ...commonHealthFields,
    min_healthy_time: durationSchema({ integersAre: 'nanoseconds', minMs: MIN_INTERVAL_MS }).optional(),
  })
    .superRefine((health, context) => {
      if (health.deadline === undefined) return
      const { interval, success_threshold } = windowsOf(health.min_healthy_time)
      const neededMs = durationMs(interval) * success_threshold
      if (durationMs(health.deadline) < neededMs)
        context.addIssue(
          problem(
            `${health.deadline} is shorter than the ${formatGoDuration(neededMs)} that a node must be healthy`,
            { code: 'contradiction', hint: 'Make the deadline longer or min_healthy_time shorter.' },
            ['deadline'],
          ),
        )
    })
    .optional(),
})
  .superRefine((deployment, context) => {
    checkCanaryFields(deployment, (issue) => context.addIssue(issue))
  })
  .meta({ deprecated: true, description: 'The older form of rollout; read and translated.' })

type DeploymentBlock = z.output<typeof deploymentSchema>

/** As many default windows as cover the time; a shorter time is one window of its own. */
const windowsOf = (minHealthyTime: string | undefined) => {
  const { intervalMs, successThreshold } = HEALTH_DEFAULTS
  if (minHealthyTime === undefined)
    return { interval: formatGoDuration(intervalMs), success_threshold: successThreshold }
  const timeMs = durationMs(minHealthyTime)
  const count = Math.ceil(timeMs / intervalMs)
  // Beyond 1000 windows the windows grow instead; an hour is the longest.
  const lengthMs = Math.min(3_600_000, count <= 1 ? timeMs : count <= 1000 ? intervalMs : Math.ceil(timeMs / 1000))
  return { interval: formatGoDuration(lengthMs), success_threshold: Math.ceil(timeMs / lengthMs) }
}

/** The older form knows no failure threshold: where the deadline has no room for the present default, fewer windows do. */
const failuresWithin = (deadline: string | undefined, interval: string): { failure_threshold?: number } => {
  const windows = deadline === undefined ? Infinity : Math.floor(durationMs(deadline) / durationMs(interval))
  return windows >= HEALTH_DEFAULTS.failureThreshold ? {} : { failure_threshold: Math.max(1, windows) }
}

export const translateDeployment = (
  deployment: DeploymentBlock,
): { readonly rollout: RolloutBlock; readonly warnings: readonly Warning[] } => {
  const { max_parallel: maxParallel, health_check: healthCheck, ...same } = deployment
  const warnings: Warning[] = [warning('deployment', 'is the older form of "rollout" and was translated')]
  const rollout: RolloutBlock = { ...same }
  if (maxParallel !== undefined) {
    rollout.max_parallel_nodes = maxParallel
    const meaning = maxParallel === 0 ? 'all nodes at once' : `${maxParallel} nodes`
    warnings.push(warning('deployment.max_parallel', `counts nodes: kept as max_parallel_nodes (${meaning})`))
  }
  if (deployment.canary_count !== undefined)
    warnings.push(warning('deployment.canary_count', 'became rollout.canary_count'))
  if (healthCheck !== undefined) {
    const { min_healthy_time: minHealthyTime, ...health } = healthCheck
    const windows = windowsOf(minHealthyTime)
    const judged = { ...health, ...failuresWithin(health.deadline, windows.interval) }
    rollout.health_check = judged
    if (minHealthyTime !== undefined) {
      rollout.health_check = { ...judged, ...windows }
      warnings.push(
        warning(
          'deployment.health_check.min_healthy_time',
          `became ${windows.success_threshold} healthy windows of ${windows.interval} in a row`,
        ),
      )
    }
  }
  return { rollout, warnings }
}

const warning = (path: string, message: string): Warning => ({ code: 'translated', path, message })
