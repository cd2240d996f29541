/**
 * The content of a job: what a node acts on, and nothing else. Canonical JSON of this object is the body of
 * `spec.<sha256>`, so two versions that differ only in labels, description, priority, selector or rollout share it.
 */
import * as z from 'zod/mini'

export const contentSchema = z.object({
  type: z.string(),
  config: z.record(z.string(), z.unknown()),
  restartPolicy: z.enum(['on-failure', 'always', 'never']),
  /** Milliseconds per attempt; 0 means none. */
  executionTimeoutMs: z.int(),
  /** Health probes, resources, secrets and parameters go on from the spec unchanged. */
  health: z.optional(z.unknown()),
  resources: z.optional(z.unknown()),
  secretProviders: z.optional(z.unknown()),
  secrets: z.optional(z.unknown()),
  parameters: z.optional(z.unknown()),
})
export type Content = z.output<typeof contentSchema>
