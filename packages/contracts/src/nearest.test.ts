import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { editDistance, nearestName } from './nearest.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 8 })

/** The definition, by recursion. */
const naiveDistance = (a: string, b: string): number => {
  if (a === '' || b === '') return a.length + b.length
  const [x, y] = [a.slice(1), b.slice(1)]
  const swap = a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]
  return Math.min(
    naiveDistance(x, b) + 1,
    naiveDistance(a, y) + 1,
    naiveDistance(x, y) + (a[0] === b[0] ? 0 : 1),
    swap ? naiveDistance(a.slice(2), b.slice(2)) + 1 : Infinity,
  )
}

describe('editDistance', () => {
  test.prop([word.filter((text) => text.length < 6), word.filter((text) => text.length < 6)])(
    'is what its definition says',
    (a, b) => {
      expect(editDistance(a, b)).toBe(naiveDistance(a, b))
    },
  )
  test.prop([word, word])('is symmetric, and zero only for equal words', (a, b) => {
    expect(editDistance(a, b)).toBe(editDistance(b, a))
    expect(editDistance(a, b) === 0).toBe(a === b)
  })
})

describe('nearestName', () => {
  const fields = ['name', 'namespace', 'type', 'labels', 'meta', 'selector', 'rollout', 'match_labels', 'max_parallel']
  it.each([
    ['seletor', 'selector'],
    ['slector', 'selector'],
    ['selecotr', 'selector'],
    ['matchLabels', 'match_labels'],
    ['match-labels', 'match_labels'],
    ['label', 'labels'],
    ['tpye', 'type'],
    ['maxparallel', 'max_parallel'],
    ['Rollout', 'rollout'],
  ])('takes %s for %s', (given, meant) => {
    expect(nearestName(given, fields)).toBe(meant)
  })
  it.each(['replicas', 'x', 'constraints', 'xyzzy', '', 'a'.repeat(10_000)])('offers nothing for %j', (given) => {
    expect(nearestName(given, fields)).toBeUndefined()
  })
})
