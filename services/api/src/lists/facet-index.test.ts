import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { DunlinError } from '@dunlin/contracts'
import { makeCursor, readCursor } from './cursor.ts'
import { createFacetIndex } from './facet-index.ts'
import { createSortedKeys } from './sorted-keys.ts'

const keys = fc.stringMatching(/^[a-c]{1,2}\/[a-e]{1,4}$/)
const facets = fc.uniqueArray(fc.constantFrom('x', 'y', 'z'))
const step = fc.record({ key: keys, facets: fc.option(facets, { nil: undefined }) })

describe('SortedKeys', () => {
  test.prop([fc.array(fc.tuple(fc.boolean(), fc.nat(3000)), { maxLength: 4000 }), fc.nat(3000)], { numRuns: 20 })(
    'is a sorted set, also over many chunks',
    (steps, probe) => {
      const model = new Set<string>()
      const set = createSortedKeys()
      const name = (n: number): string => String(n).padStart(4, '0')
      for (const [add, n] of steps) {
        const key = name(n)
        expect(add ? set.add(key) : set.remove(key)).toBe(add ? !model.has(key) : model.has(key))
        if (add) model.add(key)
        else model.delete(key)
      }
      const sorted = [...model].sort()
      expect([...set.from('')]).toEqual(sorted)
      expect(set.size()).toBe(sorted.length)
      expect(set.rank(name(probe))).toBe(sorted.filter((key) => key < name(probe)).length)
      expect([...set.from(name(probe))]).toEqual(sorted.filter((key) => key >= name(probe)))
    },
  )

  it('splits and empties its chunks', () => {
    const set = createSortedKeys()
    const many = Array.from({ length: 5000 }, (_, i) => String((i * 7919) % 5000).padStart(4, '0'))
    for (const key of many) set.add(key)
    expect(set.rank('2500')).toBe(2500)
    for (const key of many) set.remove(key)
    expect([...set.from('')]).toEqual([])
  })
})

describe('FacetIndex', () => {
  test.prop([
    fc.array(step, { maxLength: 60 }),
    facets,
    facets,
    fc.constantFrom('', 'a/', 'bb/'),
    fc.integer({ min: 1, max: 5 }),
  ])(
    'pages over the filter give each matching key once, in order, and count them',
    (steps, wanted, without, prefix, limit) => {
      const index = createFacetIndex()
      const model = new Map<string, readonly string[]>()
      for (const one of steps) {
        index.update(one.key, one.facets)
        if (one.facets === undefined) model.delete(one.key)
        else model.set(one.key, one.facets)
      }
      const expected = [...model]
        .filter(
          ([key, has]) =>
            key.startsWith(prefix) && wanted.every((f) => has.includes(f)) && !without.some((f) => has.includes(f)),
        )
        .map(([key]) => key)
        .sort()
      const seen: string[] = []
      let after: string | undefined
      do {
        const page = index.page({ prefix, facets: wanted, without, after, limit })
        expect(page.total).toBe(expected.length)
        expect(page.keys.length).toBeLessThanOrEqual(limit)
        seen.push(...page.keys)
        after = page.next
      } while (after !== undefined)
      expect(seen).toEqual(expected)
    },
  )
})

describe('cursors', () => {
  it('come back as they were made, for the same filter only', () => {
    const cursor = makeCursor({ state: 'running' }, 'a/ü%2F')
    expect(readCursor({ state: 'running' }, cursor)).toBe('a/ü%2F')
    for (const wrong of [() => readCursor({ state: 'failed' }, cursor), () => readCursor({}, 'nonsense')])
      expect(wrong).toThrow(DunlinError)
  })
})
