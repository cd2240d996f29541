/** What people do to nodes: let them in, name them, keep jobs away from them, empty them, give them up. */
import * as z from 'zod'
import { drainNodeBodySchema, labelNodeBodySchema } from '../commands/node.ts'
import { nodeAcceptedView } from './node-views.ts'
import { operation } from './operation.ts'
import { commandBody, commandFields, commandHeaders, text } from './operation-parts.ts'

/** A node has no revision that could be expected. */
const headers = commandHeaders.omit({ 'if-match': true })
/** For the document; the rules of keys and durations are those of the command by subject (`commands/node.ts`). */
const sameAs =
  (schema: { safeParse(value: unknown): { success: boolean; error?: { issues: readonly Issue[] } } }) =>
  (value: unknown, context: z.RefinementCtx) => {
    // What is wrong with a key of a record stands one level below: "Invalid key in record" helps nobody.
    for (const { path, message, issues: [inner] = [] } of schema.safeParse(value).error?.issues ?? [])
      context.addIssue({ code: 'custom', path: [...path], message: inner?.message ?? message })
  }
interface Issue {
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly issues?: readonly { readonly message: string }[]
}
const labelBody = z
  .strictObject({
    ...commandFields,
    set: z.record(z.string(), z.string()).optional(),
    remove: z.array(z.string()).optional().meta({ description: 'Keys; only labels of the centre can be removed' }),
  })
  .superRefine(sameAs(labelNodeBodySchema))
const drainBody = z
  .strictObject({
    ...commandFields,
    deadline: z.string().optional().meta({ description: 'e.g. "15m", which is the default; "0s" stops all at once' }),
  })
  .superRefine(sameAs(drainNodeBodySchema))
const removeBody = z.strictObject({
  ...commandFields,
  force: z.boolean().optional().meta({ description: 'Also while it is connected' }),
})

const command = {
  method: 'POST',
  tag: 'nodes',
  params: z.object({ id: text }),
  headers,
  response: nodeAcceptedView,
} as const
const errors = [
  'node_not_found',
  'wrong_state',
  'invalid_command',
  'idempotency_key_reused',
  'expired',
  'log_full',
  'log_busy',
  'log_gap',
  'needs_upgrade',
  'malformed_body',
  'unsupported_media_type',
  'body_too_large',
] as const
const path = '/api/v1/nodes/{id}'

export const nodeOperations = {
  approveNode: operation({
    ...command,
    path: `${path}/approve`,
    summary: 'Admits a node that has joined and waits for a person',
    body: commandBody,
    errors,
  }),
  labelNode: operation({
    ...command,
    path: `${path}/label`,
    summary: 'Sets and removes labels of the centre, which win over those of the agent',
    body: labelBody,
    errors,
  }),
  cordonNode: operation({
    ...command,
    path: `${path}/cordon`,
    summary: 'Keeps new jobs away from a node; what is placed there stays and is updated',
    body: commandBody,
    errors,
  }),
  uncordonNode: operation({
    ...command,
    path: `${path}/uncordon`,
    summary: 'Ends a cordon or a drain: jobs may be placed there again',
    body: commandBody,
    errors,
  }),
  drainNode: operation({
    ...command,
    path: `${path}/drain`,
    summary: 'Stops the jobs of a node, lowest priority first; batch jobs may go on until the deadline',
    body: drainBody.optional(),
    errors,
  }),
  removeNode: operation({
    ...command,
    path: `${path}/remove`,
    summary: 'Gives a node up: its jobs leave it and its key is refused; by force also while it is connected',
    body: removeBody.optional(),
    errors,
  }),
} as const
