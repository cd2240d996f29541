/** Operations of nodes that join, and on the tokens that let them. */
import * as z from 'zod'
import { parseGoDuration } from '../duration.ts'
import { labelKeySchema, labelsSchema, reservedLabelPrefix } from '../labels.ts'
import { nodeIdSchema } from '../ids.ts'
import { operation } from './operation.ts'
import { commandHeaders, reason, text } from './operation-parts.ts'
import { count, instant } from './rollout-views.ts'

const bodyErrors = ['malformed_body', 'unsupported_media_type', 'body_too_large'] as const
const logErrors = ['log_full', 'log_busy', 'log_gap', 'needs_upgrade'] as const

/** Limits what one request can bring into the log and into every view of the node. */
const labels = z.record(z.string(), z.string()).superRefine((given, context) => {
  const reserved = Object.keys(given).find((key) => reservedLabelPrefix(key) !== undefined)
  if (reserved !== undefined) context.addIssue({ code: 'custom', message: `"${reserved}" is set by the system itself` })
  if (!labelsSchema.safeParse(given).success || Object.keys(given).length > 64)
    context.addIssue({ code: 'custom', message: 'expected at most 64 labels, with keys of a-z A-Z 0-9 . _ - /' })
})
const labelKey = z
  .string()
  .refine((key) => labelKeySchema.safeParse(key).success, { error: 'expected a label key: a-z A-Z 0-9 . _ - /' })
const node = z
  .string()
  .refine((id) => nodeIdSchema.safeParse(id).success, { error: 'expected a node id: 1 to 64 of A-Z a-z 0-9 _ -' })
/** Public NKey of a user. */
const publicKey = z.string().regex(/^U[A-Z2-7]{55}$/, 'expected the public key of a user (U and 55 characters)')

const endsLater = (given: string): boolean => {
  const parsed = parseGoDuration(given)
  return parsed.ok && parsed.ms > 0
}
// Elsewhere 0 means no limit; a token of "0s" would be either that or one that nobody can ever use.
const lifetime = z.string().refine((given) => given === 'never' || endsLater(given), {
  error: 'expected a time above 0, e.g. "24h", or "never"',
})

const tokenStates = ['open', 'used_up', 'expired', 'revoked'] as const

const tokenView = z
  .object({
    id: z.string(),
    state: z.enum(tokenStates),
    uses: count.optional().meta({ description: 'How many nodes may join with it; absent: any number' }),
    used: count,
    nodes: z.array(z.string()).meta({ description: 'The latest nodes that joined with it, 100 at most' }),
    labels: z.record(z.string(), z.string()),
    own_labels: z
      .array(z.string())
      .optional()
      .meta({ description: 'Labels that its nodes may announce by themselves; absent: any' }),
    admits: z.boolean().meta({ description: 'False: a person approves each node' }),
    created_at: instant,
    expires_at: instant.optional(),
  })
  .meta({ id: 'Token' })
const createdTokenView = tokenView.extend({ token: z.string().meta({ description: 'Shown this once' }) })

const enrolBody = z.strictObject({
  node,
  public_key: publicKey,
  token: z.string().max(256).optional().meta({ description: 'Not needed again once the node has joined' }),
  challenge: z.string().max(256),
  signature: z.string().max(256).meta({ description: 'Ed25519, base64url, over all other fields' }),
})

const enrolledView = z.object({
  node: z.string(),
  state: z.enum(['pending', 'admitted']),
  credential: z.string().optional().meta({ description: 'JWT of a NATS user; once the node is admitted' }),
  nats_urls: z.array(z.string()),
})

const join = { tag: 'nodes' } as const

export const enrolOperations = {
  getChallenge: operation({
    ...join,
    method: 'GET',
    path: '/api/v1/enrolment/challenge',
    summary: 'Gives a node something to sign, good for two minutes',
    response: z.object({ challenge: z.string() }),
    errors: ['enrolment_off'],
  }),
  enrolNode: operation({
    ...join,
    method: 'POST',
    path: '/api/v1/nodes/enroll',
    summary:
      'Lets a node in that shows a token and proves that it holds its key; asked again, it tells how things stand',
    body: enrolBody,
    response: enrolledView,
    errors: [
      ...bodyErrors,
      ...logErrors,
      'enrolment_off',
      'token_unknown',
      'token_expired',
      'token_used_up',
      'token_revoked',
      'wrong_signature',
      'stale_proof',
      'node_taken',
      'key_taken',
      'key_revoked',
    ],
  }),
  createToken: operation({
    ...join,
    method: 'POST',
    path: '/api/v1/tokens',
    summary: 'Makes a join token; its secret is shown this once',
    headers: z.object({ 'x-dunlin-actor': commandHeaders.shape['x-dunlin-actor'] }),
    body: z.strictObject({
      uses: z
        .union([z.int().positive().max(1_000_000), z.literal('unlimited')])
        .default(1)
        .meta({ description: 'How many nodes may join with it' }),
      expires_in: lifetime.default('24h').meta({ description: 'e.g. "24h", or "never"' }),
      labels: labels.default({}),
      own_labels: z
        .array(labelKey)
        .max(64)
        .optional()
        .meta({ description: 'Keys of the labels that its nodes may announce by themselves; absent: any' }),
      manual: z.boolean().default(false).meta({ description: 'A person approves each node' }),
    }),
    response: createdTokenView,
    errors: [...bodyErrors, ...logErrors, 'enrolment_off'],
  }),
  listTokens: operation({
    ...join,
    method: 'GET',
    path: '/api/v1/tokens',
    summary: 'Lists join tokens without their secrets, the newest first, 1,000 at most',
    response: z.object({ items: z.array(tokenView) }),
    errors: ['enrolment_off'],
  }),
  revokeToken: operation({
    ...join,
    method: 'POST',
    path: '/api/v1/tokens/{id}/revoke',
    summary: 'Lets no further node join with this token; those that have joined stay',
    params: z.object({ id: text }),
    headers: z.object({ 'x-dunlin-actor': commandHeaders.shape['x-dunlin-actor'] }),
    body: z.strictObject({ reason: reason.optional() }).optional(),
    response: tokenView,
    errors: [...bodyErrors, ...logErrors, 'enrolment_off', 'token_not_found'],
  }),
} as const

export type TokenView = z.output<typeof tokenView>
export type EnrolBody = z.output<typeof enrolBody>
