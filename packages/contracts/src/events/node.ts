/** Events of a node's own subject: what the centre decides about it. What the node itself says is in `report.ts`. */
import * as z from 'zod/mini'
import { labelsSchema } from '../labels.ts'
import { bootIdSchema, nodeIdSchema } from '../ids.ts'

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
const nodeDrainedSchema = z.object({ type: z.literal('NodeDrained'), reason: z.optional(z.string()) })
const nodeRemovedSchema = z.object({ type: z.literal('NodeRemoved'), reason: z.optional(z.string()) })

export const nodeEventSchemas = [
  nodeAdmittedSchema,
  nodeLabelledSchema,
  nodeConnectedSchema,
  nodeDisconnectedSchema,
  nodeLostSchema,
  nodeReturnedSchema,
  nodeDrainedSchema,
  nodeRemovedSchema,
] as const
export type NodeAdmitted = z.output<typeof nodeAdmittedSchema>
export type NodeEvent = z.output<(typeof nodeEventSchemas)[number]>
