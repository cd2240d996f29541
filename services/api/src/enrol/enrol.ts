/** Lets nodes in: proof of the key, use of the token, the node's own commit, and its credential, in this order. */
import {
  DunlinError,
  nodeActor,
  parseJoinToken,
  type EnrolBody,
  type NodeEvent,
  type NodeId,
  type Sha256,
  type TokenId,
} from '@dunlin/contracts'
import {
  enrolNode,
  noToken,
  reserveKey,
  standingOf,
  useToken,
  type Decision,
  type FleetKinds,
  type NodeState,
  type Standing,
} from '@dunlin/domain'
import type { CommandHandler } from '@dunlin/eventstore'
import { nodeSubject, tokenSubject } from '@dunlin/nats'
import { issueNode, verifyProof, type Authority } from '@dunlin/nats/auth'
import { sha256, type Clock, type Logger, type Random } from '@dunlin/runtime'
import type { ApiState } from '../state/api-state.ts'
import type { Challenges } from './challenge.ts'

export interface EnrolOptions {
  readonly state: ApiState
  readonly handler: CommandHandler<FleetKinds>
  readonly authority: Authority
  readonly challenges: Challenges
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** The server of the log refuses this key, because it was a node's that was removed. */
  readonly isRefused: (publicKey: string) => boolean
  /** The node that has joined with this key, as far as is known here. */
  readonly holderOf: (publicKey: string) => string | undefined
}

export interface Enrolled {
  readonly node: string
  readonly state: Standing
  readonly credential?: string
}

/** Throws the reason why not. Asking again changes nothing, and tells how things stand by then. */
export type Enrol = (body: EnrolBody) => Promise<Enrolled>

const read = (node: NodeId, text: string | undefined): { readonly id: TokenId; readonly hash: Sha256 } => {
  const token = text === undefined ? undefined : parseJoinToken(text)
  if (token !== undefined) return { id: token.id, hash: sha256(token.secret) }
  const why = text === undefined ? `${node} has not joined yet, and shows no token.` : 'This is no join token.'
  throw new DunlinError('token_unknown', why)
}

export const createEnrol = (options: EnrolOptions): Enrol => {
  const { state, handler, authority, challenges, clock, random, logger, isRefused, holderOf } = options

  const prove = (body: EnrolBody): void => {
    const { signature, ...signed } = body
    if (!verifyProof(body.public_key, signed, signature)) throw new DunlinError('wrong_signature')
    if (!challenges.holds(body.challenge, clock.nowMs())) throw new DunlinError('stale_proof')
  }

  const tryToken = (body: EnrolBody, node: NodeId) => {
    const token = read(node, body.token)
    const known = state.fold.get('token', token.id)?.state ?? noToken()
    const at = clock.nowMs()
    return { id: token.id, decision: useToken(known, { node, publicKey: body.public_key, hash: token.hash, at }) }
  }

  /** Only who may join at all is told which ids are taken. */
  const mayJoin = (body: EnrolBody, node: NodeId): void => {
    const { decision } = tryToken(body, node)
    if (!decision.ok) throw decision.error
  }

  /** Throws what joining would come to after a use of the token was taken; what is not known here yet is left to joining. */
  const spareToken = (body: EnrolBody, node: NodeId, known: NodeState): void => {
    const { id, decision } = tryToken(body, node)
    if (!decision.ok) return
    const { labels, ownLabels, admits } = decision.result
    const would = enrolNode(known, { node, publicKey: body.public_key, token: id, labels, ownLabels, admits })
    if (!would.ok) throw would.error
  }

  const join = async (node: NodeId, publicKey: string, text: string | undefined): Promise<Standing> => {
    const token = read(node, text)
    const at = clock.nowMs()
    const command = { id: `~enrol.${random.ulid(at)}`, by: nodeActor(node), at }
    let terms: Extract<ReturnType<typeof useToken>, { ok: true }>['result'] | undefined
    const used = await handler.handle({
      kind: 'token',
      key: token.id,
      subject: tokenSubject(token.id),
      command,
      decide: ({ state: one }) => {
        const decision = useToken(one, { node, publicKey, hash: token.hash, at })
        if (decision.ok) terms = decision.result
        return decision
      },
    })
    if (!used.ok) throw used.error
    if (terms === undefined) throw new DunlinError('internal', 'A token without terms was used.')
    const { labels, ownLabels, admits } = terms
    // After the token, so that nobody without one writes anything.
    const reserved = await handler.handle({
      kind: 'token',
      key: publicKey,
      subject: tokenSubject(publicKey),
      command,
      decide: ({ state: one }) => reserveKey(one, { node, publicKey }),
    })
    if (!reserved.ok) throw reserved.error
    let standing: Standing | undefined
    const joined = await handler.handle({
      kind: 'node',
      key: node,
      subject: nodeSubject(node),
      command,
      decide: ({ state: one }) => {
        const decision = enrolNode(one, { node, publicKey, token: token.id, labels, ownLabels, admits })
        if (decision.ok) standing = decision.result
        return decision
      },
    })
    if (!joined.ok) throw joined.error
    if (standing === undefined) throw new DunlinError('internal', 'A node joined without a standing.')
    if (joined.committed > 0) logger.info('a node joined', { node, token: token.id, standing })
    return standing
  }

  return async (body) => {
    prove(body)
    const { public_key: publicKey, token } = body
    // The contract's schema has read it.
    const node = body.node as NodeId
    const known = state.node(node)
    // Before a use of the token is taken: it would be lost when the node is refused.
    const before: Decision<NodeEvent, Standing> | undefined = known && standingOf(known, publicKey)
    if (before?.ok === false) {
      if (before.error.code === 'node_taken') mayJoin(body, node)
      throw before.error
    }
    if (before === undefined) {
      // Another node's: it would join, and the server of the log would never let it in.
      if (isRefused(publicKey)) throw new DunlinError('key_revoked')
      if ((holderOf(publicKey) ?? node) !== node) throw new DunlinError('key_taken')
      if (known !== undefined) spareToken(body, node, known)
    }
    const standing = before?.result ?? (await join(node, publicKey, token))
    if (standing === 'pending') return { node, state: standing }
    return { node, state: standing, credential: await issueNode(authority, node, publicKey) }
  }
}
