/** What the agent tells a query process, in `query.json` of the task's directory. */
import { queryConfigSchema } from '@dunlin/contracts/agent'
import * as z from 'zod/mini'

export const queryOrderSchema = z.object({
  attempt: z.int(),
  config: queryConfigSchema,
  /** Folders that queries may read, as the node's policy names them. */
  roots: z.readonly(z.array(z.string())),
  pathMap: z.readonly(z.array(z.object({ from: z.string(), to: z.string() }))),
  memoryBytes: z.int(),
  threads: z.int(),
})
export type QueryOrder = z.output<typeof queryOrderSchema>
