/** One join token; a fold of `evt.token.<id>`. */
import type { Commit, Labels, NodeId, Sha256, TokenEvent } from '@dunlin/contracts'

export interface TokenUse {
  readonly node: NodeId
  readonly at: number
}

export interface TokenTerms {
  /** Of the secret. */
  readonly hash: Sha256
  /** Undefined: any number of nodes. */
  readonly uses: number | undefined
  /** Milliseconds since the epoch; undefined: until it is revoked. */
  readonly expiresAt: number | undefined
  readonly labels: Labels
  /** Label keys that its nodes may announce by themselves; undefined: any. */
  readonly ownLabels: readonly string[] | undefined
  /** False: a person approves each node. */
  readonly admits: boolean
  readonly createdAt: number
}

export interface TokenState {
  terms: TokenTerms | undefined
  /** By public key: a node that asks again after a lost answer takes no second use. */
  readonly used: Map<string, TokenUse>
  revokedAt: number | undefined
}

export const noToken = (): TokenState => ({ terms: undefined, used: new Map(), revokedAt: undefined })

/** Changes `token` in place and returns it. */
export const foldTokenCommit = (token: TokenState, commit: Commit<TokenEvent>): TokenState => {
  for (const event of commit.ev) evolveToken(token, event, commit.at)
  return token
}

const evolveToken = (token: TokenState, event: TokenEvent, at: number): void => {
  switch (event.type) {
    case 'TokenCreated': {
      const { hash, uses, expiresAt, labels, ownLabels, admits } = event
      token.terms = { hash, uses, expiresAt, labels, ownLabels, admits, createdAt: at }
      return
    }
    case 'TokenUsed':
      token.used.set(event.publicKey, { node: event.node, at })
      return
    case 'TokenRevoked':
      token.revokedAt ??= at
      return
    default:
      return event satisfies never
  }
}

type TokenJson = Omit<TokenState, 'used'> & { readonly used: [string, TokenUse][] }

export const tokenToJson = (token: TokenState): unknown => ({ ...token, used: [...token.used] })

/** JSON leaves out what is undefined. */
export const tokenFromJson = (json: unknown): TokenState => {
  const { terms, used, revokedAt } = json as TokenJson
  const whole = terms && { ...terms, uses: terms.uses, expiresAt: terms.expiresAt, ownLabels: terms.ownLabels }
  return { terms: whole, used: new Map(used), revokedAt }
}
