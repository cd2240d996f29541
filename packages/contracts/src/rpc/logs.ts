/** `rpc.<node>.logs`: what the tasks of one job have written on one node. */
import * as z from 'zod/mini'
import { executionIdSchema, jobKeySchema } from '../ids.ts'
import { reportedStates } from '../events/report.ts'

export const outputStreams = ['stdout', 'stderr'] as const
export type OutputStream = (typeof outputStreams)[number]

/** Where somebody has read to: which file, after which older one, and how far. Only the node can read it. */
const positionSchema = z.string().check(z.maxLength(200))

export const logsQuestionSchema = z.object({
  job: jobKeySchema,
  /** Only this one; otherwise the latest of the job, and while following those that come. */
  execution: z.optional(executionIdSchema),
  streams: z.array(z.enum(outputStreams)),
  /** Last lines of each stream; all that is kept when absent. */
  tail: z.optional(z.int().check(z.nonnegative())),
  follow: z.boolean(),
  /** Where each `<execution>/<stream>` was read to; wins over `tail`. */
  from: z.optional(z.record(z.string(), positionSchema)),
})
export type LogsQuestion = z.output<typeof logsQuestionSchema>

export const logItemSchema = z.discriminatedUnion('is', [
  /** The frame's bytes are output: whole lines unless the task ended, or wrote, without a newline. */
  z.object({ is: z.literal('text'), x: executionIdSchema, s: z.enum(outputStreams), at: positionSchema }),
  /** Older output was dropped before it was read. */
  z.object({ is: z.literal('gap'), x: executionIdSchema, s: z.enum(outputStreams) }),
  /** All output of the execution was told, and nothing more will come. */
  z.object({
    is: z.literal('ended'),
    x: executionIdSchema,
    state: z.enum(reportedStates),
    code: z.optional(z.nullable(z.int())),
    signal: z.optional(z.nullable(z.string())),
    error: z.optional(z.string()),
  }),
])
export type LogItem = z.output<typeof logItemSchema>
