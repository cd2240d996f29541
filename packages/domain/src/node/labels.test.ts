/** Whose word counts about the labels of a node: the centre's first, then what its token lets it say. */
import { fc, test } from '@fast-check/vitest'
import type { Labels } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { noReports, type NodeReports } from '../execution/state.ts'
import { labelOf, labelsOf, refusedLabels } from './labels.ts'
import { noNode, type NodeState } from './state.ts'

const saying = (labels: Labels): NodeReports => ({
  ...noReports(),
  announced: { labels } as unknown as NonNullable<NodeReports['announced']>,
})
const node = (labels: Labels, ownLabels?: readonly string[]): NodeState => ({
  ...noNode(),
  labels,
  ...(ownLabels === undefined ? {} : { ownLabels }),
})
const said = saying({ site: 'mine', ring: 'a', 'dunlin.io/os': 'linux' })

describe('labels', () => {
  it("the centre's win over the node's own, whatever it may announce", () => {
    for (const own of [undefined, [], ['site']])
      expect(labelsOf(node({ site: 'hull' }, own), said)['site']).toBe('hull')
  })
  it('a node announces what its token lets it, and the rest is told', () => {
    expect(labelsOf(node({}), said)).toEqual(said.announced?.labels)
    expect(labelsOf(node({}, ['ring']), said)).toEqual({ ring: 'a' })
    expect(labelsOf(node({ site: 'hull' }, []), said)).toEqual({ site: 'hull' })
    expect(refusedLabels(node({}), said)).toEqual([])
    expect(refusedLabels(node({}, ['ring']), said)).toEqual(['site'])
    expect(refusedLabels(node({}, []), said)).toEqual(['site', 'ring'])
  })
  it('there are none without a node and its word', () => {
    expect([labelsOf(undefined, undefined), labelOf(undefined, undefined, 'a')]).toEqual([{}, undefined])
    expect(labelsOf(undefined, said)).toEqual(said.announced?.labels)
  })
})

const labels = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'dunlin.io/os'), fc.constantFrom('x', 'y'))
test.prop([labels, labels, fc.option(fc.subarray(['a', 'b', 'dunlin.io/os']), { nil: undefined })])(
  'one label is always one of all, and none comes from a node that may not say it',
  (ofCentre, own, allowed) => {
    const state = node(ofCentre, allowed)
    const all = labelsOf(state, saying(own))
    for (const key of ['a', 'b', 'c', 'dunlin.io/os']) {
      expect(labelOf(state, saying(own), key)).toBe(all[key])
      if (allowed?.includes(key) === false) expect(all[key]).toBe(ofCentre[key])
    }
  },
)
