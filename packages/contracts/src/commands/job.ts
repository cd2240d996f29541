/** Commands to a job, as people and programs send them: by HTTP, by CLI, or on `cmd.job.<ns>.<name>.<verb>`. */
import * as z from 'zod/mini'

export const jobVerbs = ['apply', 'stop', 'delete', 'rerun', 'rollback', 'pause', 'resume', 'promote', 'halt'] as const
export type JobVerb = (typeof jobVerbs)[number]

const reason = z.optional(z.string().check(z.maxLength(1000)))
/** ISO instant after which the command must not be applied any more; the only expiry there is. */
const notAfter = z.optional(z.iso.datetime({ offset: true }))
const claimedActor = z.optional(z.string().check(z.maxLength(128)))

/** `spec` is parsed by `parseJobSpec`, which knows places and nearest names. */
export const applyBodySchema = z.strictObject({ spec: z.unknown(), not_after: notAfter, reason, actor: claimedActor })
export const stopBodySchema = z.strictObject({ reason, not_after: notAfter, actor: claimedActor })
export const deleteBodySchema = z.strictObject({
  reason,
  force: z.optional(z.boolean()),
  not_after: notAfter,
  actor: claimedActor,
})
