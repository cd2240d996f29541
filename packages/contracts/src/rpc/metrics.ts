/** `rpc.<node>.metrics`: what a node uses, now and in the last hour. */
import * as z from 'zod/mini'

const series = z.array(z.number())

export const metricsAnswerSchema = z.object({
  node: z.string(),
  /** Instant of the last sample by the node's clock. */
  at: z.number(),
  everyMs: z.number(),
  cpus: z.number(),
  memoryBytes: z.number(),
  diskBytes: z.number(),
  /** Oldest first, all of one length; shares are 0..1. */
  cpu: series,
  memoryUsedBytes: series,
  diskUsedBytes: series,
  load1: series,
  tasks: series,
  agentRssBytes: series,
  executions: z.array(
    z.object({
      x: z.string(),
      job: z.object({ namespace: z.string(), name: z.string() }),
      processes: z.number(),
      /** Cores that it uses, over the last moment. */
      cpuCores: z.number(),
      memoryBytes: z.number(),
      cpuSeconds: z.number(),
    }),
  ),
})
export type MetricsAnswer = z.output<typeof metricsAnswerSchema>
