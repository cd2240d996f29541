/** How nodes are moved to a new version (docs: rollouts). Expanso's present generation, plus `expiry` and a count. */
import * as z from 'zod'
import { strategies } from '../events/rollout.ts'
import { LABEL_KEY } from '../labels.ts'
import { block, problem } from './block.ts'
import { durationSchema } from './duration-schema.ts'
import { durationMs, formatGoDuration } from '../duration.ts'
import { HEALTH_DEFAULTS, MAX_INTERVAL_MS, MIN_INTERVAL_MS } from './rollout-defaults.ts'

const strategySchema = z.enum(strategies, { error: `expected one of ${strategies.join(', ')}` })
/** `count`: the field that takes a number of nodes. The limit is a refinement, because only those carry a hint. */
const percentOr = (count: string) =>
  z
    .number()
    .min(0)
    .refine((value) => value <= 100, {
      error: 'more than 100 percent',
      params: { code: 'too_large', hint: `A percentage is 0 to 100; ${count} takes a number of nodes.` },
    })
    .meta({ maximum: 100 })
const count = z.int().min(0).max(1_000_000)
const threshold = z.int().min(1).max(1000)

/** Present in both generations. */
export const commonRolloutFields = {
  strategy: strategySchema.optional(),
  auto_promote: z.boolean().optional(),
  canary_count: count.optional(),
  canary_percent: percentOr('canary_count').optional(),
  max_failed_nodes: count.optional().meta({ description: 'Halt when more nodes failed. 0 tolerates none.' }),
  max_failed_nodes_percent: percentOr('max_failed_nodes')
    .optional()
    .meta({ description: 'Halt when a larger share failed; 9 when unset. 0 tolerates none.' }),
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
  const runs = [
    ['success_threshold', 'healthy', HEALTH_DEFAULTS.successThreshold],
    ['failure_threshold', 'unhealthy', HEALTH_DEFAULTS.failureThreshold],
  ] as const
  for (const [field, word, otherwise] of runs) {
    const windows = health[field] ?? otherwise
    if (durationMs(health.deadline) >= intervalMs * windows) continue
    const consequence =
      field === 'success_threshold' ? 'no node could become healthy' : `${field} could never be reached`
    context.addIssue(
      problem(
        `${health.deadline} is shorter than ${windows} ${word} windows of ${formatGoDuration(intervalMs)}, so ${consequence}`,
        { code: 'contradiction', hint: `Make the deadline longer, or interval or ${field} smaller.` },
        ['deadline'],
      ),
    )
    // One is enough to say: a deadline that has room for neither run is the same mistake.
    return
  }
})

/** YAML reads `on` as text and `true` as a boolean; both are kept as the word. */
const switchSchema = z
  .union([z.enum(['on', 'off']), z.boolean()], { error: 'expected on or off' })
  .transform((value) => (typeof value === 'boolean' ? (value ? 'on' : 'off') : value))
  .pipe(z.enum(['on', 'off']))

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
  max_parallel: percentOr('max_parallel_nodes')
    .optional()
    .meta({ description: 'Wave size in percent of the targets; unset or 0 means 10.' }),
  max_parallel_nodes: count
    .optional()
    .meta({ description: 'Wave size as a number of nodes; 0 means all of them. Excludes max_parallel.' }),
  analysis: switchSchema.optional().meta({
    description: 'Halts on statistical evidence that too many nodes fail (on unless set); off leaves only the limits.',
  }),
  spread_by: z
    .string()
    .regex(LABEL_KEY, 'is not a label key: 1 to 253 of a-z A-Z 0-9 . _ - /')
    .optional()
    .meta({ description: "Label of nodes over whose values the order is spread; 'dunlin.io/site' when unset." }),
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
