/** What a caller gives when a parameterized batch job is dispatched. */
import * as z from 'zod'
import { block } from './block.ts'

const names = z.array(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,63}$/, 'expected a parameter name')).max(256)

export const parametersSchema = block({
  required: names.optional(),
  optional: names.optional(),
  payload: z.enum(['forbidden', 'optional', 'required']).optional(),
}).superRefine(({ required = [], optional = [] }, context) => {
  for (const [index, name] of optional.entries())
    if (required.includes(name))
      context.addIssue({ code: 'custom', path: ['optional', index], message: `"${name}" is required already` })
})
