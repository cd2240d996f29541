/** What may be done with a join token. Of two nodes with the last use the log's compare-and-set lets one through. */
import type { Labels, NodeId, Sha256, TokenEvent, TokenId } from '@dunlin/contracts'
import { decided, refused, type Decision } from '../decision.ts'
import type { TokenState, TokenTerms } from './state.ts'

export interface CreateToken {
  readonly token: TokenId
  readonly hash: Sha256
  readonly uses?: number | undefined
  readonly expiresAt?: number | undefined
  readonly labels: Labels
  /** Absent: any. */
  readonly ownLabels?: readonly string[] | undefined
  readonly admits: boolean
}

export const createToken = (state: TokenState, command: CreateToken): Decision<TokenEvent> => {
  if (state.terms !== undefined) return refused('wrong_state', 'There is a token with this id already.')
  const { uses, expiresAt, ownLabels, ...rest } = command
  const bounds = {
    ...(uses === undefined ? {} : { uses }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(ownLabels === undefined ? {} : { ownLabels: [...ownLabels] }),
  }
  return decided([{ type: 'TokenCreated', ...rest, ...bounds }], undefined)
}

export interface UseToken {
  readonly node: NodeId
  readonly publicKey: string
  /** Of the secret that the node showed. */
  readonly hash: Sha256
  /** Milliseconds since the epoch. */
  readonly at: number
}

/**
 * A node that has used it goes on with it whatever became of the token since: its answer may have been lost. A wrong
 * secret is told no more than that there is no such token.
 */
export const useToken = (state: TokenState, command: UseToken): Decision<TokenEvent, TokenTerms> => {
  const { terms } = state
  const { node, publicKey, hash, at } = command
  if (terms === undefined || terms.hash !== hash) return refused('token_unknown')
  const before = state.used.get(publicKey)?.node
  if (before === node) return decided<TokenEvent, TokenTerms>([], terms)
  // Its key would count as one use under however many ids.
  if (before !== undefined) return refused('key_taken')
  const no = whyUnusable(state, at)
  if (no !== undefined) return refused(no)
  return decided([{ type: 'TokenUsed', node, publicKey }], terms)
}

export type UnusableToken = 'token_revoked' | 'token_expired' | 'token_used_up'

/** Why no further node can join with it at `at`; undefined when one can. */
export const whyUnusable = ({ terms, used, revokedAt }: TokenState, at: number): UnusableToken | undefined => {
  if (revokedAt !== undefined) return 'token_revoked'
  if (terms?.expiresAt !== undefined && at >= terms.expiresAt) return 'token_expired'
  return terms?.uses !== undefined && used.size >= terms.uses ? 'token_used_up' : undefined
}

/** Revoking twice is the same as once. */
export const revokeToken = (state: TokenState, reason: string | undefined): Decision<TokenEvent> => {
  if (state.terms === undefined) return refused('token_not_found')
  if (state.revokedAt !== undefined) return decided([], undefined)
  return decided([{ type: 'TokenRevoked', ...(reason === undefined ? {} : { reason }) }], undefined)
}
