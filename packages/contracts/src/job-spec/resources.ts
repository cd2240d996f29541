/** What an execution may use of its node. Sizes are read as bytes or with a unit, and kept in bytes. */
import * as z from 'zod'
import { parseSize } from '../size.ts'
import { block } from './block.ts'

const size = z
  .union([z.string(), z.int()], { error: 'expected a size such as "512MiB", or bytes' })
  .transform((value, context) => {
    const bytes = typeof value === 'number' ? value : parseSize(value)
    if (bytes !== undefined && bytes > 0) return bytes
    context.addIssue({ code: 'custom', message: `${JSON.stringify(value)} is not a size; write it like "512MiB"` })
    return z.NEVER
  })
  .pipe(z.int())

export const resourcesSchema = block({
  cpus: z.number().positive().max(4096).optional().meta({ description: 'Processors; 0.5 is half of one.' }),
  memory: size.optional(),
  disk: size.optional(),
  pids: z.int().min(1).optional(),
})
