/**
 * What a scheduler has heard of nodes, asked of it just now (`svc.scheduler.heard`): heartbeats are never stored, and the API
 * does not listen to them. Any scheduler that hears may answer.
 */
import * as z from 'zod/mini'

/** More nodes than a page of a list has are not asked for at once. */
export const heardQuestionSchema = z.object({ nodes: z.array(z.string()).check(z.maxLength(1000)) })

export const heardAnswerSchema = z.object({
  nodes: z.record(
    z.string(),
    z.object({
      /** Milliseconds since the epoch, by the scheduler's clock. */
      at: z.int(),
      /** The node's clock less the scheduler's, in ms: the median of its last heartbeats. */
      offset: z.int(),
      /** For how long it has been heard without reading the document that was written for it, ms; absent: it has read it. */
      unread: z.optional(z.int()),
    }),
  ),
})
export type HeardAnswer = z.output<typeof heardAnswerSchema>
