/** The selector block as it is written. */
import * as z from 'zod'
import { nodeIdSchema } from '../ids.ts'
import { block } from './block.ts'
import { parseSelector } from './selector.ts'

const NODE_ID = 'expected a node id: 1 to 64 of A-Z a-z 0-9 _ -'

export const selectorSchema = block({
  match_labels: z.record(z.string(), z.string()).optional(),
  match_expressions: z
    .array(z.string().max(4096))
    .max(256)
    .optional()
    .meta({
      description: 'Kubernetes label expressions; a comma means AND.',
      example: ['tier in (premium,standard)', '!debug'],
    }),
  match_ids: z
    .array(z.string().refine((id) => nodeIdSchema.safeParse(id).success, NODE_ID))
    .max(100_000)
    .optional(),
}).superRefine((selector, context) => {
  const parsed = parseSelector(selector)
  if (parsed.ok) return
  for (const { path, message } of parsed.problems)
    context.addIssue({
      code: 'custom',
      path,
      message,
      params: { hint: 'e.g. "region=us-east", "tier in (a,b)", "env!=prod", "gpu", "!debug"' },
    })
})
