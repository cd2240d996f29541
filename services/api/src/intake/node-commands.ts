/** Commands to a node after their body was understood: one type for HTTP and for subjects. */
import {
  DunlinError,
  durationMs,
  drainNodeBodySchema,
  labelNodeBodySchema,
  nodeVerbs,
  plainNodeBodySchema,
  removeNodeBodySchema,
  type Labels,
  type NodeVerb,
} from '@dunlin/contracts'
import { readBody } from './read-body.ts'

interface Common {
  readonly node: string
  readonly reason?: string | undefined
  /** Milliseconds since the epoch. */
  readonly notAfterMs?: number | undefined
  /** Who the sender claims to be. */
  readonly claimedActor?: string | undefined
}
export type ParsedNodeCommand = Common &
  (
    | { readonly verb: 'approve' | 'cordon' | 'uncordon' }
    | { readonly verb: 'label'; readonly set: Labels; readonly remove: readonly string[] }
    | { readonly verb: 'drain'; readonly deadlineMs?: number | undefined }
    | { readonly verb: 'remove'; readonly force: boolean }
  )

const isNodeVerb = (verb: string): verb is NodeVerb => (nodeVerbs as readonly string[]).includes(verb)

/** Throws unknown_verb or invalid_command. */
export const parseNodeCommand = (node: string, verb: string, body: unknown): ParsedNodeCommand => {
  if (!isNodeVerb(verb))
    throw new DunlinError('unknown_verb', `There is no command ${JSON.stringify(verb)} to a node.`, {
      hint: `Commands to nodes are ${nodeVerbs.join(', ')}.`,
    })
  switch (verb) {
    case 'approve':
    case 'cordon':
    case 'uncordon':
      return { ...common(node, readBody(plainNodeBodySchema, body)), verb }
    case 'label': {
      const read = readBody(labelNodeBodySchema, body)
      return { ...common(node, read), verb, set: read.set ?? {}, remove: read.remove ?? [] }
    }
    case 'drain': {
      const read = readBody(drainNodeBodySchema, body)
      const deadlineMs = read.deadline === undefined ? undefined : durationMs(read.deadline)
      return { ...common(node, read), verb, deadlineMs }
    }
    case 'remove': {
      const read = readBody(removeNodeBodySchema, body)
      return { ...common(node, read), verb, force: read.force ?? false }
    }
    default:
      return verb satisfies never
  }
}

const common = (
  node: string,
  body: {
    readonly reason?: string | undefined
    readonly not_after?: string | undefined
    readonly actor?: string | undefined
  },
): Common => ({
  node,
  reason: body.reason,
  notAfterMs: body.not_after === undefined ? undefined : Date.parse(body.not_after),
  claimedActor: body.actor,
})
