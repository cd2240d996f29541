import type { NodeEvent, NodeId, TokenId } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import { foldNodeCommit, noNode, type NodeState } from '../node/state.ts'
import { enrolNode, type EnrolNode } from './enrol.ts'

const node = 'edge-1' as NodeId
const command: EnrolNode = {
  node,
  publicKey: 'UA',
  token: '01JD7Q4V8Z3W5X6Y7A8B9C0D1E' as TokenId,
  labels: { site: 'a' },
  admits: true,
}
const fold = (state: NodeState, ...ev: NodeEvent[]): NodeState =>
  foldNodeCommit(state, { s: 1, v: 1, cmd: 'c', by: 'service:api', at: 1, ev }, 1)
const join = (state: NodeState, over: Partial<EnrolNode> = {}): string => {
  const decision = enrolNode(state, { ...command, ...over })
  if (!decision.ok) return decision.error.code
  for (const events of decision.commits) fold(state, ...events)
  return `${decision.commits.length} ${decision.result}`
}

it('joins once, and is told the same when it asks again', () => {
  const state = noNode()
  expect([join(state), join(state), state.labels]).toEqual(['1 admitted', '0 admitted', { site: 'a' }])
})
it('may announce what its token says, until it is removed', () => {
  const state = noNode()
  join(state, { ownLabels: ['ring'] })
  expect(state.ownLabels).toEqual(['ring'])
  fold(state, { type: 'NodeRemoved' })
  expect('ownLabels' in state).toBe(false)
  join(state, { publicKey: 'UB', ownLabels: [] })
  expect(state.ownLabels).toEqual([])
})
it('waits for a person when its token does not admit, and hears of the approval by asking again', () => {
  const state = noNode()
  expect([join(state, { admits: false }), join(state)]).toEqual(['1 pending', '0 pending'])
  fold(state, { type: 'NodeAdmitted', node, policy: 'approved' })
  expect(join(state)).toBe('0 admitted')
})
it('gives no id to a second key, and takes no key back that was refused', () => {
  const state = noNode()
  join(state)
  expect(join(state, { publicKey: 'UB' })).toBe('node_taken')
  fold(state, { type: 'NodeRemoved' })
  expect([join(state), join(state, { publicKey: 'UB' }), join(state)]).toEqual([
    'key_revoked',
    '1 admitted',
    'key_revoked',
  ])
})
it('lets a node that took part before join by a token that admits only', () => {
  const state = fold(noNode(), { type: 'NodeAdmitted', node, policy: 'loopback' })
  expect([join(state, { admits: false }), join(state)]).toEqual(['node_taken', '1 admitted'])
})
