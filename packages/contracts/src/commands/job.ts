/** Commands to a job, as people and programs send them: by HTTP, by CLI, or on `cmd.job.<ns>.<name>.<verb>`. */
import * as z from 'zod/mini'

export const jobVerbs = ['apply', 'stop', 'delete', 'rerun', 'rollback', 'pause', 'resume', 'promote', 'halt'] as const
export type JobVerb = (typeof jobVerbs)[number]
/** What people do to a rollout under way, or to a job by opening another one. */
export const rolloutVerbs = [
  'pause',
  'resume',
  'promote',
  'halt',
  'rollback',
  'rerun',
] as const satisfies readonly JobVerb[]

const reason = z.optional(z.string().check(z.maxLength(1000)))
/** ISO instant after which the command must not be applied any more; the only expiry there is. */
const notAfter = z.optional(z.iso.datetime({ offset: true }))
const claimedActor = z.optional(z.string().check(z.maxLength(128)))

/** `spec` is parsed by `parseJobSpec`, which knows places and nearest names. */
export const applyBodySchema = z.strictObject({ spec: z.unknown(), not_after: notAfter, reason, actor: claimedActor })
/** Bodies of stop, pause, resume, promote, halt and rerun. */
export const plainBodySchema = z.strictObject({ reason, not_after: notAfter, actor: claimedActor })
export const rollbackBodySchema = z.strictObject({
  reason,
  /** The version whose content to go back to; absent = the latest other one that was proven. */
  version: z.optional(z.int().check(z.positive())),
  /** Take the whole old spec, and not its content alone. */
  whole: z.optional(z.boolean()),
  not_after: notAfter,
  actor: claimedActor,
})
export const deleteBodySchema = z.strictObject({
  reason,
  force: z.optional(z.boolean()),
  not_after: notAfter,
  actor: claimedActor,
})
