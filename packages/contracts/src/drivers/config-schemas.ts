/** The schema of `config` by job type: the same one refuses a bad config at apply and on the node. */
import type * as z from 'zod/mini'
import type { JobType } from '../job-spec/job-type.ts'
import { configConfigSchema } from './config.ts'
import { containerConfigSchema } from './container.ts'
import { processConfigSchema } from './process.ts'
import { queryConfigSchema } from './query.ts'
import { updateConfigSchema } from './update.ts'

/** Types that are absent here have a check of their own (pipeline). */
export const driverConfigSchemas: Readonly<Partial<Record<JobType, z.ZodMiniType>>> = {
  config: configConfigSchema,
  container: containerConfigSchema,
  process: processConfigSchema,
  query: queryConfigSchema,
  update: updateConfigSchema,
}
