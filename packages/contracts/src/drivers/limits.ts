/** What a content says of resources, as a node reads it: the sizes are bytes by then. */
import * as z from 'zod/mini'

export const limitsSchema = z.object({
  cpus: z.optional(z.number()),
  /** Bytes. */
  memory: z.optional(z.int()),
  /** Bytes. */
  disk: z.optional(z.int()),
  pids: z.optional(z.int()),
})
export type Limits = z.output<typeof limitsSchema>
