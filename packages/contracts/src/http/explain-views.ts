/** Explanations: decisions read back from the log, each with its sequence, and whether computing it again agrees. */
import * as z from 'zod'
import { count, instant, waitView } from './rollout-views.ts'

const checkView = z
  .object({
    is: z.enum(['agrees', 'disagrees', 'not_computable']),
    message: z.string().meta({ description: 'What was computed again, from which numbers' }),
    node: z.string().optional(),
  })
  .meta({ id: 'Check', description: 'A recorded decision computed again from what was recorded with it' })

const entryView = z
  .object({
    seq: z.int(),
    at: instant,
    by: z.string(),
    event: z.string(),
    message: z.string(),
    rollout: z.string().optional(),
    namespace: z.string().optional(),
    job: z.string().optional(),
    cause_seq: z.int().optional().meta({ description: 'The commit that made a process decide this' }),
    /** Present on verdicts and halts. */
    checks: z.array(checkView).optional(),
  })
  .meta({ id: 'Decision' })

export const explanationView = z
  .object({
    about: z.enum(['job', 'rollout', 'node']),
    name: z.string(),
    message: z.string().meta({ description: 'Where it stands, in a sentence' }),
    waits_for: z.array(waitView),
    decisions: z.array(entryView),
    checked: z
      .object({
        decisions: count,
        agree: count,
        disagree: count,
        not_computable: count,
        unverified: z
          .object({ windows: count, reports: count, silences: count, connections: count, sight: count })
          .optional()
          .meta({ description: 'What these decisions rest on as it was recorded: nothing in the log proves it' }),
      })
      .meta({ description: 'Over everything that was read, not over this page alone' }),
    begins_at_seq: z.int().meta({ description: 'The first commit that was read' }),
    complete: z.boolean().meta({ description: 'False: the beginning was compacted away' }),
    next_cursor: z.string().optional(),
    seq: z.int(),
  })
  .meta({ id: 'Explanation' })

export type ExplanationView = z.output<typeof explanationView>
