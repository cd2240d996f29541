/** How much of what a task writes is kept on its node. */
import * as z from 'zod/mini'
import { sizeValue } from './amounts.ts'
import { namingFields } from './known-names.ts'

const logsShape = {
  /** Per stream; a file that grows above it becomes an older one. 10 MiB where absent. */
  max_file_size: z.optional(sizeValue({ min: 4096, max: 1024 ** 3 })),
  /** Per stream, the present one included. 3 where absent. */
  max_files: z.optional(z.int().check(z.minimum(1), z.maximum(100))),
}
export const logLimitsSchema = z.strictObject(logsShape, namingFields(logsShape))
