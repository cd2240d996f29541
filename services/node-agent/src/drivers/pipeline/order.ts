/** What the agent tells a pipeline process, in `pipeline.json` of the task's directory. */
import * as z from 'zod/mini'

export const pipelineOrderSchema = z.object({
  attempt: z.int(),
  config: z.record(z.string(), z.unknown()),
  /** Positions in files and the like; belongs to the job and survives updates. */
  stateDir: z.string(),
  pathMap: z.readonly(z.array(z.object({ from: z.string(), to: z.string() }))),
})
export type PipelineOrder = z.output<typeof pipelineOrderSchema>
