/** Events of a node's own subject: what the centre decides about it. What the node itself says is in `report.ts`. */
import * as z from 'zod/mini'
import { labelKeySchema, labelsSchema } from '../labels.ts'
import { bootIdSchema, nodeIdSchema } from '../ids.ts'

/**
 * A node proved that it holds a key and a join token. Whether it may take part is said by `NodeAdmitted`, in the same commit
 * when the token admits, later when a person approves. Another key replaces the earlier one.
 */
const nodeEnrolledSchema = z.object({
  type: z.literal('NodeEnrolled'),
  node: nodeIdSchema,
  /** Public NKey of a user ("U..."); the private part never leaves the node. */
  publicKey: z.string(),
  /** Id of the join token, which is no secret. */
  token: z.string(),
  /** Labels that the token grants; they become labels of the centre. */
  labels: labelsSchema,
  /** Keys of the labels that it may announce by itself, as the token says; absent: any. */
  ownLabels: z.optional(z.array(labelKeySchema)),
})
/** `policy`: `loopback` (everybody who announces itself), `token` (the join token admits) or `approved` (by a person). */
const nodeAdmittedSchema = z.object({ type: z.literal('NodeAdmitted'), node: nodeIdSchema, policy: z.string() })
/** Labels set at the centre; they win over the agent's own. */
const nodeLabelledSchema = z.object({ type: z.literal('NodeLabelled'), labels: labelsSchema })
const nodeConnectedSchema = z.object({ type: z.literal('NodeConnected'), boot: bootIdSchema })
const nodeDisconnectedSchema = z.object({
  type: z.literal('NodeDisconnected'),
  reason: z.enum(['silent', 'left']),
  /** Milliseconds since the epoch at which it was last heard, by the judge's clock. */
  lastHeardAt: z.int(),
})
const nodeLostSchema = z.object({ type: z.literal('NodeLost'), lastHeardAt: z.int() })
const nodeReturnedSchema = z.object({ type: z.literal('NodeReturned'), boot: bootIdSchema })
/** Takes no new jobs; what is placed there stays and is updated. */
const nodeCordonedSchema = z.object({ type: z.literal('NodeCordoned'), reason: z.optional(z.string()) })
/** Ends a cordon or a drain. */
const nodeUncordonedSchema = z.object({ type: z.literal('NodeUncordoned'), reason: z.optional(z.string()) })
/** What runs there is stopped in order and goes nowhere else; at the deadline everything that is left. */
const nodeDrainedSchema = z.object({
  type: z.literal('NodeDrained'),
  reason: z.optional(z.string()),
  /** Milliseconds since the epoch; absent: at once. */
  deadlineAt: z.optional(z.int()),
})
/** Its key is refused from now on; it may come back with another token and another key. */
const nodeRemovedSchema = z.object({ type: z.literal('NodeRemoved'), reason: z.optional(z.string()) })
/** An unchanged command that carried a caller's id: remembered, so that a repeat of it stays without effect. */
const nodeCommandNotedSchema = z.object({ type: z.literal('NodeCommandNoted') })

export const nodeEventSchemas = [
  nodeEnrolledSchema,
  nodeAdmittedSchema,
  nodeLabelledSchema,
  nodeConnectedSchema,
  nodeDisconnectedSchema,
  nodeLostSchema,
  nodeReturnedSchema,
  nodeCordonedSchema,
  nodeUncordonedSchema,
  nodeDrainedSchema,
  nodeRemovedSchema,
  nodeCommandNotedSchema,
] as const
export type NodeAdmitted = z.output<typeof nodeAdmittedSchema>
export type NodeEvent = z.output<(typeof nodeEventSchemas)[number]>
