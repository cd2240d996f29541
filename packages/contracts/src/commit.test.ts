import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { COMMIT_SCHEMA, isUnreadable, readCommit } from './commit.ts'
import { compareGenerations, type Generation } from './generation.ts'

const commit = { s: COMMIT_SCHEMA, v: 1, cmd: 'a', by: 'user:ada', at: 1_700_000_000_000, ev: [{ type: 'JobStopped' }] }

describe('reading a commit', () => {
  it('returns what is one, the very object', () => {
    expect(readCommit(commit)).toBe(commit)
  })

  it('tells a newer schema from rubbish', () => {
    const read = readCommit({ ...commit, s: COMMIT_SCHEMA + 1, v: 'x' })
    expect(isUnreadable(read) && read.reason).toBe('newer_schema')
  })

  it.each([
    null,
    [],
    'x',
    {},
    { ...commit, s: -1 },
    { ...commit, v: 0 },
    { ...commit, v: 1.5 },
    { ...commit, cmd: 1 },
    { ...commit, by: undefined },
    { ...commit, at: '2026-11-21' },
    { ...commit, at: 8_640_000_000_000_001 },
    { ...commit, ev: {} },
    { ...commit, ev: [null] },
    { ...commit, ev: [{}] },
    { ...commit, ev: [{ type: 1 }] },
  ])('says why %j is none', (json) => {
    const read = readCommit(json)
    expect(isUnreadable(read) && [read.reason, read.detail.length > 0]).toEqual(['not_a_commit', true])
  })

  test.prop([fc.anything()])('never throws', (value) => {
    expect(isUnreadable(readCommit(value))).toBe(true)
  })
})

const generation: fc.Arbitrary<Generation> = fc.tuple(fc.nat(3), fc.nat(3))

describe('generations', () => {
  test.prop([generation, generation, generation])('are a total order', (a, b, c) => {
    expect(Math.sign(compareGenerations(a, b))).toBe(0 - Math.sign(compareGenerations(b, a)))
    expect(compareGenerations(a, b) === 0).toBe(a[0] === b[0] && a[1] === b[1])
    if (compareGenerations(a, b) <= 0 && compareGenerations(b, c) <= 0)
      expect(compareGenerations(a, c)).toBeLessThanOrEqual(0)
  })
  it('compare the epoch first', () => {
    expect(compareGenerations([1, 0], [0, 99])).toBeGreaterThan(0)
  })
})
