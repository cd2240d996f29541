import { fc, it } from '@fast-check/vitest'
import type { NodeId, Sha256, TokenEvent, TokenId } from '@dunlin/contracts'
import { describe, expect, it as plain } from 'vitest'
import { foldings } from '../fleet/foldings.ts'
import { createToken, revokeToken, useToken, whyUnusable, type CreateToken } from './decide.ts'
import { reserveKey } from './reserve-key.ts'
import { foldTokenCommit, noToken, tokenFromJson, tokenToJson, type TokenState } from './state.ts'

const hash = 'a'.repeat(64) as Sha256
const token = '01JD7Q4V8Z3W5X6Y7A8B9C0D1E' as TokenId
const terms: CreateToken = { token, hash, uses: 2, expiresAt: 1_000, labels: { site: 'a' }, admits: true }

const fold = (state: TokenState, events: readonly TokenEvent[], at = 10): TokenState =>
  foldTokenCommit(state, { s: 1, v: 1, cmd: 'c', by: 'user:test', at, ev: events })

const take = (state: TokenState, decision: ReturnType<typeof createToken> | ReturnType<typeof useToken>): string => {
  if (!decision.ok) return decision.error.code
  for (const events of decision.commits) fold(state, events)
  return decision.commits.length === 0 ? 'nothing' : 'done'
}
const made = (over: Partial<CreateToken> = {}): TokenState => {
  const state = noToken()
  take(state, createToken(state, { ...terms, ...over }))
  return state
}
const use = (state: TokenState, node: string, at = 20, shown = hash): string =>
  take(state, useToken(state, { node: node as NodeId, publicKey: `U${node}`, hash: shown, at }))

describe('a key', () => {
  plain("is the first one's that joins with it, and stays that", () => {
    const state = noToken()
    const reserve = (node: string) => take(state, reserveKey(state, { node: node as NodeId, publicKey: 'Uone' }))
    expect([reserve('a'), reserve('a'), reserve('b'), reserve('a')]).toEqual([
      'done',
      'nothing',
      'key_taken',
      'nothing',
    ])
  })
})

describe('a join token', () => {
  plain('lets as many nodes in as it has uses, each as often as it asks', () => {
    const state = made()
    expect([use(state, 'a'), use(state, 'a'), use(state, 'b'), use(state, 'c'), use(state, 'b')]).toEqual([
      'done',
      'nothing',
      'done',
      'token_used_up',
      'nothing',
    ])
  })
  plain('says why not: unknown, expired, revoked', () => {
    expect(use(noToken(), 'a')).toBe('token_unknown')
    expect(use(made(), 'a', 20, 'b'.repeat(64) as Sha256)).toBe('token_unknown')
    expect([use(made(), 'a', 999), use(made(), 'a', 1_000)]).toEqual(['done', 'token_expired'])
    const state = made()
    use(state, 'a')
    expect(take(state, revokeToken(state, 'leaked'))).toBe('done')
    expect(take(state, revokeToken(state, undefined))).toBe('nothing')
    expect([use(state, 'b'), use(state, 'a')]).toEqual(['token_revoked', 'nothing'])
    expect(take(noToken(), revokeToken(noToken(), undefined))).toBe('token_not_found')
    expect(take(state, createToken(state, terms))).toBe('wrong_state')
  })
  plain('asks for a use of its own when a node comes with another key', () => {
    const state = made({ uses: 1 })
    use(state, 'a')
    const other = { node: 'a' as NodeId, publicKey: 'Uother', hash, at: 20 }
    expect(take(state, useToken(state, other))).toBe('token_used_up')
  })
  plain('takes one key for one node, however many uses it has left', () => {
    const state = made({ uses: 5 })
    const take1 = (node: string) =>
      take(state, useToken(state, { node: node as NodeId, publicKey: 'Uone', hash, at: 20 }))
    expect([take1('a'), take1('b'), take1('a'), take1('c')]).toEqual(['done', 'key_taken', 'nothing', 'key_taken'])
    expect(state.used.size).toBe(1)
  })
  plain('keeps which labels its nodes may announce, and none is something else than any', () => {
    for (const ownLabels of [undefined, [], ['ring']]) {
      const state = made({ ownLabels })
      expect(state.terms?.ownLabels).toEqual(ownLabels)
      expect(tokenFromJson(JSON.parse(JSON.stringify(tokenToJson(state))))).toEqual(state)
    }
  })
  it.prop([
    fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'e')),
    fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  ])('is never used by more nodes than it allows, and comes back from JSON as it was', (nodes, uses) => {
    const state = made({ uses, expiresAt: undefined })
    for (const node of nodes) use(state, node)
    expect(state.used.size).toBe(Math.min(new Set(nodes).size, uses ?? Infinity))
    expect(whyUnusable(state, 50) === undefined).toBe(state.used.size < (uses ?? Infinity))
    expect(tokenFromJson(JSON.parse(JSON.stringify(tokenToJson(state))))).toEqual(state)
    expect(foldings.token.knows('TokenUsed')).toBe(true)
  })
})
