/**
 * 0.3.0/joining.jsonl tells how nodes joined through the API: with tokens that say which labels their nodes may announce, a
 * key that came under two ids, and one that came back after its node was removed.
 */
import { foldings, labelsOf, refusedLabels, type FleetKinds } from '@dunlin/domain'
import { createFold } from '@dunlin/eventstore'
import { parseLogSubject } from '@dunlin/nats'
import { expect, it } from 'vitest'
import { readHistories } from './histories.ts'

const fold = createFold<FleetKinds>({ route: parseLogSubject, kinds: foldings })
for (const commit of readHistories().find(({ name }) => name === '0.3.0/joining.jsonl')?.commits ?? [])
  fold.apply(commit)
const node = (id: string) => fold.get('node', id)?.state
const reports = (id: string) => fold.get('report', id)?.state

it('lets each node announce what its token says, and no more', () => {
  expect(['edge-1', 'edge-2', 'edge-3'].map((id) => labelsOf(node(id), reports(id)))).toEqual([
    { site: 'hull', ring: 'r0', zone: 'z', 'dunlin.io/os': 'linux' },
    {},
    { ring: 'r2', 'dunlin.io/os': 'linux' },
  ])
  expect(refusedLabels(node('edge-2'), reports('edge-2'))).toEqual(['site', 'ring', 'zone'])
  expect(node('edge-3')).toMatchObject({ admission: 'admitted', ownLabels: ['ring', 'dunlin.io/os'] })
})
it('knows whose each key is, also of one that is refused now', () => {
  expect(node('edge-9')).toBeUndefined()
  for (const id of ['edge-1', 'edge-2', 'edge-3']) {
    const key = node(id)?.identity?.publicKey ?? ''
    expect(fold.get('token', key)?.state.used.get(key)?.node).toBe(id)
  }
  const [revoked = ''] = node('edge-2')?.revokedKeys ?? []
  expect(fold.get('token', revoked)?.state.used.get(revoked)?.node).toBe('edge-2')
})
