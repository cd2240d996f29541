/** Decides whether a node that has shown a token may join under its id. */
import type { Labels, NodeEvent, NodeId, TokenId } from '@dunlin/contracts'
import { decided, refused, type Decision } from '../decision.ts'
import type { NodeState } from '../node/state.ts'

export interface EnrolNode {
  readonly node: NodeId
  readonly publicKey: string
  readonly token: TokenId
  /** What the token grants. */
  readonly labels: Labels
  /** Label keys that it may announce by itself; absent: any. */
  readonly ownLabels?: readonly string[] | undefined
  readonly admits: boolean
}

export type Standing = 'pending' | 'admitted'

/**
 * How a node that comes with this key stands; undefined when it has not joined. A key that was refused once stays
 * refused, and an id that another key holds is not given away.
 */
export const standingOf = (state: NodeState, publicKey: string): Decision<NodeEvent, Standing> | undefined => {
  if (state.revokedKeys.includes(publicKey)) return refused('key_revoked')
  if (state.identity === undefined) return undefined
  if (state.identity.publicKey !== publicKey) return refused('node_taken')
  return decided<NodeEvent, Standing>([], state.admission === 'admitted' ? 'admitted' : 'pending')
}

export const enrolNode = (state: NodeState, command: EnrolNode): Decision<NodeEvent, Standing> => {
  const standing = standingOf(state, command.publicKey)
  if (standing !== undefined) return standing
  const { node, admits, ownLabels, ...rest } = command
  const own = ownLabels === undefined ? {} : { ownLabels: [...ownLabels] }
  // It took part before nodes had to join, so that joining would be all that a person is asked about.
  if (state.admission === 'admitted' && !admits)
    return refused('node_taken', `The node ${node} takes part already; remove it, or take a token that admits.`)
  return decided<NodeEvent, Standing>(
    [
      { type: 'NodeEnrolled', node, publicKey: rest.publicKey, token: rest.token, labels: rest.labels, ...own },
      ...(admits ? [{ type: 'NodeAdmitted', node, policy: 'token' } as const] : []),
    ],
    admits ? 'admitted' : 'pending',
  )
}
