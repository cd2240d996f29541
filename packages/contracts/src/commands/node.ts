/** Commands to a node, as people and programs send them: by HTTP, by CLI, or (all but approve) on `cmd.node.<id>.<verb>`. */
import * as z from 'zod/mini'
import { durationText } from '../drivers/amounts.ts'
import { labelKeySchema, labelsSchema } from '../labels.ts'

export const nodeVerbs = ['approve', 'label', 'cordon', 'uncordon', 'drain', 'remove'] as const
export type NodeVerb = (typeof nodeVerbs)[number]

/** Longest drain: whoever wants to wait longer stops the jobs. */
const LONGEST_DRAIN_MS = 30 * 24 * 3_600_000
const MOST_KEYS = 64

const common = {
  reason: z.optional(z.string().check(z.maxLength(1000))),
  /** ISO instant after which the command must not be applied any more. */
  not_after: z.optional(z.iso.datetime({ offset: true })),
  actor: z.optional(z.string().check(z.regex(/^[^\p{Cc}]{1,128}$/u))),
}

/** Bodies of approve, cordon and uncordon. */
export const plainNodeBodySchema = z.strictObject(common)
/** A key that only the agent sets cannot be removed, only overridden. */
export const labelNodeBodySchema = z
  .strictObject({
    ...common,
    set: z.optional(labelsSchema),
    remove: z.optional(z.array(labelKeySchema).check(z.maxLength(MOST_KEYS))),
  })
  .check(
    z.refine(({ set = {}, remove = [] }) => Object.keys(set).length + remove.length > 0, 'set or remove something'),
  )
/** `deadline`: how long batch jobs may go on and stops may take; "0s" stops everything at once. */
export const drainNodeBodySchema = z.strictObject({
  ...common,
  deadline: z.optional(durationText({ maxMs: LONGEST_DRAIN_MS })),
})
export const removeNodeBodySchema = z.strictObject({ ...common, force: z.optional(z.boolean()) })
