/** Events of a join token's own subject, `evt.token.<id>`. The secret itself stands nowhere, only its hash. */
import * as z from 'zod/mini'
import { nodeIdSchema, sha256Schema, tokenIdSchema } from '../ids.ts'
import { labelKeySchema, labelsSchema } from '../labels.ts'

const tokenCreatedSchema = z.object({
  type: z.literal('TokenCreated'),
  token: tokenIdSchema,
  /** SHA-256 of the secret. It is 256 random bits, so that no slower hash is needed. */
  hash: sha256Schema,
  /** How many nodes may join with it; absent: any number. */
  uses: z.optional(z.int().check(z.positive())),
  /** Milliseconds since the epoch; absent: until it is revoked. */
  expiresAt: z.optional(z.int()),
  /** What every node gets that joins with it, as labels of the centre. */
  labels: labelsSchema,
  /** Keys of the labels that its nodes may announce by themselves; absent: any. */
  ownLabels: z.optional(z.array(labelKeySchema)),
  /** False: a person approves each node. */
  admits: z.boolean(),
})
/**
 * Stands before the node's own NodeEnrolled; the same node and key may come again without another use. On the subject of a
 * public key instead of a token it says whose that key is.
 */
const tokenUsedSchema = z.object({ type: z.literal('TokenUsed'), node: nodeIdSchema, publicKey: z.string() })
/** Nodes that joined with it stay. */
const tokenRevokedSchema = z.object({ type: z.literal('TokenRevoked'), reason: z.optional(z.string()) })

export const tokenEventSchemas = [tokenCreatedSchema, tokenUsedSchema, tokenRevokedSchema] as const
export type TokenEvent = z.output<(typeof tokenEventSchemas)[number]>
