/** `rpc.<node>.results`: what the latest query of a job found on one node. */
import * as z from 'zod/mini'
import { executionIdSchema, jobKeySchema } from '../ids.ts'
import { reportedStates } from '../events/report.ts'

export const resultsQuestionSchema = z.object({
  job: jobKeySchema,
  /** Only this one; otherwise the latest of the job. */
  execution: z.optional(executionIdSchema),
})

export const resultItemSchema = z.discriminatedUnion('is', [
  z.object({
    is: z.literal('head'),
    x: executionIdSchema,
    format: z.string(),
    columns: z.array(z.object({ name: z.string(), type: z.string() })),
    rows: z.int(),
    bytes: z.int(),
    truncated: z.union([z.literal(false), z.string()]),
    millis: z.int(),
  }),
  /** The frame's bytes are the next of the result's file. */
  z.object({ is: z.literal('data'), x: executionIdSchema }),
  /** No result (yet). */
  z.object({
    is: z.literal('none'),
    x: executionIdSchema,
    state: z.enum(reportedStates),
    error: z.optional(z.string()),
    /** Of a query that runs; null while it cannot be told. */
    percent: z.optional(z.nullable(z.number())),
  }),
])
export type ResultItem = z.output<typeof resultItemSchema>
