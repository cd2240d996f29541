import type { NodeId, Sha256, TokenId } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import { tellTokenEvent } from './tell-token.ts'

const created = { type: 'TokenCreated', token: 't' as TokenId, hash: 'h' as Sha256, labels: {} } as const

it.each([
  [{ ...created, uses: 1, expiresAt: 3_601_000, admits: true }, 'a join token for 1 node, for 1h was made'],
  [{ ...created, admits: false }, 'a join token for any number of nodes was made; a person approves each node'],
  [{ type: 'TokenUsed', node: 'edge-1' as NodeId, publicKey: 'U' } as const, 'edge-1 joined with the token'],
  [{ type: 'TokenRevoked', reason: 'leaked' } as const, 'the token was revoked (leaked)'],
])('%j', (event, sentence) => expect(tellTokenEvent(event, 1_000)).toBe(sentence))
