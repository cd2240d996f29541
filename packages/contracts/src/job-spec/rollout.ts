/** How nodes are moved to a new version (docs: rollouts). Expanso's present generation, plus `expiry` and a count. */
import * as z from 'zod'
import { strategies } from '../events/rollout.ts'
import { block, problem } from './block.ts'
import { durationSchema } from './duration-schema.ts'
import { durationMs } from './duration.ts'
import { HEALTH_DEFAULTS, MAX_INTERVAL_MS, MIN_INTERVAL_MS } from './rollout-defaults.ts'

const strategySchema = z.enum(strategies, { error: `expected one of ${strategies.join(', ')}` })
const percent = z.number().min(0).max(100, 'more than 100 percent')
const count = z.int().min(0).max(1_000_000)
const threshold = z.int().min(1).max(1000)

/** Present in both generations. */
export const commonRolloutFields = {
  strategy: strategySchema.optional(),
  auto_promote: z.boolean().optional(),
  canary_count: count.optional(),
  canary_percent: percent.optional(),
  max_failed_nodes: count.optional().meta({ description: 'Halt when more nodes failed. 0 tolerates none.' }),
  max_failed_nodes_percent: percent
    .optional()
    .meta({ description: 'Halt when a larger share failed. 0 tolerates none.' }),
  no_auto_rollback: z.boolean().optional(),
}
export const commonHealthFields = {
  deadline: durationSchema({ integersAre: 'nanoseconds', minMs: 1 }).optional(),
  max_error_rate: z
    .number()
    .min(0)
    .max(1, 'more than 1; a rate of 10 percent is 0.1')
    .optional()
    .meta({ description: 'Share of failed messages, 0 to 1. An explicit 0 tolerates no error.' }),
}

const healthCheckSchema = block({
  ...commonHealthFields,
  interval: durationSchema({ integersAre: 'nanoseconds', minMs: MIN_INTERVAL_MS, maxMs: MAX_INTERVAL_MS }).optional(),
  success_threshold: threshold.optional(),
  failure_threshold: threshold.optional(),
}).superRefine((health, context) => {
  if (health.deadline === undefined) return
  const intervalMs = health.interval === undefined ? HEALTH_DEFAULTS.intervalMs : durationMs(health.interval)
  const windows = health.success_threshold ?? HEALTH_DEFAULTS.successThreshold
  if (durationMs(health.deadline) < intervalMs * windows)
    context.addIssue(
      problem(
        `${health.deadline} is shorter than ${windows} healthy windows of ${intervalMs} ms, so no node could become healthy`,
        { code: 'contradiction', hint: 'Make the deadline longer, or interval or success_threshold smaller.' },
        ['deadline'],
      ),
    )
})

/** Fields that contradict each other in any generation. 0 and false are what generated specs write for "not set". */
export const checkCanaryFields = (
  rollout: z.output<z.ZodObject<typeof commonRolloutFields>>,
  report: (issue: ReturnType<typeof problem>) => void,
): void => {
  const given = (['canary_count', 'canary_percent', 'auto_promote'] as const).filter((field) => rollout[field])
  if (rollout.canary_count && rollout.canary_percent)
    report(
      problem('canary_count and canary_percent exclude each other', { code: 'contradiction', hint: 'Keep one.' }, [
        'canary_percent',
      ]),
    )
  if (rollout.strategy === 'canary') return
  for (const field of given)
    report(
      problem(
        `has no meaning with strategy ${rollout.strategy ?? 'rolling'}`,
        { code: 'contradiction', hint: 'Set strategy: canary, or take it out.' },
        [field],
      ),
    )
}

export const rolloutSchema = block({
  ...commonRolloutFields,
  max_parallel: percent.optional().meta({ description: 'Wave size in percent of the targets; unset or 0 means 10.' }),
  max_parallel_nodes: count
    .optional()
    .meta({ description: 'Wave size as a number of nodes; 0 means all of them. Excludes max_parallel.' }),
  expiry: durationSchema({ integersAre: 'nanoseconds', minMs: 1000 })
    .optional()
    .meta({ description: 'How long a rollout waits for nodes that cannot be reached; 24 h when unset.' }),
  health_check: healthCheckSchema.optional(),
}).superRefine((rollout, context) => {
  checkCanaryFields(rollout, (issue) => context.addIssue(issue))
  if (rollout.max_parallel && rollout.max_parallel_nodes !== undefined)
    context.addIssue(
      problem('max_parallel and max_parallel_nodes exclude each other', { code: 'contradiction', hint: 'Keep one.' }, [
        'max_parallel_nodes',
      ]),
    )
})
export type RolloutBlock = z.output<typeof rolloutSchema>
