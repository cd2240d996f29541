/**
 * One key is one node. The key's own subject (`evt.token.<public key>`) says whose it is; its compare-and-set decides
 * between two that come at once with it, under two ids and with two tokens, to two instances of the API.
 */
import type { NodeId, TokenEvent } from '@dunlin/contracts'
import { decided, refused, type Decision } from '../decision.ts'
import type { TokenState } from './state.ts'

/** Nothing gives it back: a key whose node was removed is refused for good, and a node that needs another makes one. */
export const reserveKey = (
  state: TokenState,
  { node, publicKey }: { readonly node: NodeId; readonly publicKey: string },
): Decision<TokenEvent> => {
  const holder = state.used.get(publicKey)?.node
  if (holder === node) return decided([], undefined)
  return holder === undefined ? decided([{ type: 'TokenUsed', node, publicKey }], undefined) : refused('key_taken')
}
