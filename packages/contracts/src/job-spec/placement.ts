/** How many of the matching nodes a job wants, and which it prefers. Absent: every matching node. */
import * as z from 'zod'
import { LABEL_KEY } from '../labels.ts'
import { block } from './block.ts'

export const placementSchema = block({
  count: z.int().min(1).max(1_000_000).optional().meta({ description: 'Run on this many of the matching nodes.' }),
  completions: z
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta({ description: 'The job is complete after this many successes.' }),
  spread_by: z
    .string()
    .regex(LABEL_KEY, 'expected a label key')
    .optional()
    .meta({ description: 'Spread over the values of this node label.', example: 'dunlin.io/site' }),
  prefer: z
    .array(
      block({
        expression: z.string().min(1).meta({ description: 'As in selector.match_expressions.' }),
        weight: z.int().min(-100).max(100),
      }),
    )
    .max(64)
    .optional(),
})
