/** The whole native job spec. Each block is in a file of its own; this one lists them. */
import * as z from 'zod'
import { block } from './block.ts'
import { deploymentSchema } from './deployment.ts'
import { jobTypes } from './job-type.ts'
import { jobLabelsSchema, jobMetaSchema } from './labels.ts'
import { jobNameSchema } from './name.ts'
import { parametersSchema } from './parameters.ts'
import { placementSchema } from './placement.ts'
import { probesSchema } from './probes.ts'
import { resourcesSchema } from './resources.ts'
import { restartPolicySchema, type RestartPolicy } from './restart.ts'
import { rolloutSchema } from './rollout.ts'
import { scheduleSchema } from './schedule.ts'
import { secretProvidersSchema, secretsSchema } from './secret-providers.ts'
import { selectorSchema } from './selector-schema.ts'
import { timeoutsSchema } from './timeouts.ts'

const jobTypeSchema = z.enum(jobTypes, {
  error: ({ input }) =>
    typeof input === 'string'
      ? `${JSON.stringify(input.slice(0, 64))} is not a job type; expected one of ${jobTypes.join(', ')}`
      : `expected one of ${jobTypes.join(', ')}`,
})

export const jobSpecSchema = block({
  name: jobNameSchema.meta({ description: 'Applying an existing name is an update.', example: 'log-processor' }),
  namespace: jobNameSchema.default('default'),
  type: jobTypeSchema,
  description: z
    .string()
    .max(16 * 1024)
    .optional(),
  labels: jobLabelsSchema.optional(),
  meta: jobMetaSchema.optional(),
  priority: z.int().min(1).max(100).default(50),
  config: z
    .record(z.string(), z.unknown())
    .meta({ description: 'What to run; its form depends on the type and is checked when the job is applied.' }),
  selector: selectorSchema.optional(),
  restart_policy: restartPolicySchema.optional(),
  timeouts: timeoutsSchema.optional(),
  rollout: rolloutSchema.optional(),
  deployment: deploymentSchema.optional(),
  secret_providers: secretProvidersSchema.optional(),
  secrets: secretsSchema.optional(),
  placement: placementSchema.optional(),
  schedule: scheduleSchema.optional(),
  parameters: parametersSchema.optional(),
  health: probesSchema.optional(),
  resources: resourcesSchema.optional(),
}).meta({ id: 'JobSpec', description: 'What shall run, where, and how it is rolled out.' })

/**
 * A parsed spec: defaults filled in, durations as Go strings, `deployment` translated. It is plain JSON, and parsing it
 * again gives the same spec without a warning.
 */
export type JobSpec = Omit<z.output<typeof jobSpecSchema>, 'deployment' | 'restart_policy'> & {
  restart_policy: RestartPolicy
}
