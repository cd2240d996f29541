/** Probes of a content, as a node reads them: `job-spec/probes.ts` has checked them when the job was applied. */
import * as z from 'zod/mini'
import { durationText } from './amounts.ts'

const duration = z.optional(durationText())

const probeContentSchema = z.object({
  exec: z.optional(z.object({ command: z.array(z.string()) })),
  http: z.optional(
    z.object({
      url: z.string(),
      headers: z.optional(z.record(z.string(), z.string())),
      expected_status: z.optional(z.array(z.int())),
    }),
  ),
  tcp: z.optional(z.object({ host: z.optional(z.string()), port: z.int() })),
  initial_delay: duration,
  interval: duration,
  timeout: duration,
  success_threshold: z.optional(z.int()),
  failure_threshold: z.optional(z.int()),
})
export type ProbeContent = z.output<typeof probeContentSchema>

export const probesContentSchema = z.object({
  startup: z.optional(probeContentSchema),
  readiness: z.optional(probeContentSchema),
  liveness: z.optional(probeContentSchema),
})
export type ProbesContent = z.output<typeof probesContentSchema>
