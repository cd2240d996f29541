import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { analysisRule, characteristicsOf, oneByOne } from './exact.ts'
import { addOutcome, eValue, noEvidence } from './one-sample.ts'

describe('the e-value', () => {
  it.each([
    [1, 1, 7.5],
    [2, 2, 85],
    [2, 5, 7.867036],
    [3, 10, 11.324506],
    [3, 20, 1.711224],
    [4, 20, 6.433443],
    [0, 10, 0.192948],
    [5, 100, 0.047052],
  ])('of %i failed of %i settled nodes is %d (T4)', (failed, settled, e) =>
    expect(eValue({ failed, settled }, 0.05)).toBeCloseTo(e, 6),
  )
  it('is 1 without data (T1)', () => expect(eValue({ failed: 0, settled: 0 }, 0.05)).toBe(1))
  it('halts at two of two and two of three, not at one of one', () => {
    expect(eValue({ failed: 1, settled: 1 }, 0.05)).toBeLessThan(20)
    expect(eValue({ failed: 2, settled: 3 }, 0.05)).toBeGreaterThan(20)
    expect(eValue({ failed: 2, settled: 4 }, 0.05)).toBeLessThan(20)
  })
  it('stays a number in JSON when everything fails on 100,000 nodes', () =>
    expect(JSON.parse(JSON.stringify(eValue({ failed: 100_000, settled: 100_000 }, 0.05)))).toBe(Number.MAX_VALUE))
  it('is no more than 0 and no less after 100,000 healthy nodes', () =>
    expect(eValue({ failed: 0, settled: 100_000 }, 0.05)).toBe(0))
  it('takes one failure as proof where none is tolerated, and healthy nodes as none', () => {
    expect(eValue({ failed: 1, settled: 1_000 }, 0)).toBe(Number.MAX_VALUE)
    expect(eValue({ failed: 0, settled: 10 }, 0)).toBeLessThan(1)
  })
  it.each([0.8, 0.9, 1])('says nothing where a share of %d is tolerated: no alternative is left', (p0) =>
    expect(eValue({ failed: 50, settled: 50 }, p0)).toBe(1),
  )
})

const shares = fc.constantFrom(0, 0.01, 0.02, 0.05, 0.1, 0.3, 0.5, 0.8)
const counts = fc
  .tuple(fc.nat(100_000), fc.nat(100_000))
  .map(([a, b]) => ({ settled: Math.max(a, b), failed: Math.min(a, b) }))

test.prop([counts, shares])('T1: it is a number of 0 or more', (outcomes, p0) => {
  const e = eValue(outcomes, p0)
  expect(e).toBeGreaterThanOrEqual(0)
  expect(e).toBeLessThan(Infinity)
})

test.prop([counts, shares])('T2: another failure never lowers it, added or in place of a success', (outcomes, p0) => {
  const { settled, failed } = outcomes
  const e = eValue(outcomes, p0)
  expect(eValue({ settled: settled + 1, failed: failed + 1 }, p0)).toBeGreaterThanOrEqual(e)
  if (failed < settled) expect(eValue({ settled, failed: failed + 1 }, p0)).toBeGreaterThanOrEqual(e)
})

const histories = fc.array(fc.constantFrom('healthy' as const, 'failed' as const), { maxLength: 200 })

test.prop([histories, shares])(
  'T1: folded one by one it is what the counts give at once, and the highest is kept',
  (history, p0) => {
    let evidence = noEvidence
    let highest = 1
    for (const outcome of history) {
      evidence = addOutcome(evidence, outcome, p0)
      highest = Math.max(highest, evidence.e)
    }
    const failed = history.filter((outcome) => outcome === 'failed').length
    expect(evidence).toEqual({
      settled: history.length,
      failed,
      e: eValue({ settled: history.length, failed }, p0),
      maxE: highest,
    })
  },
)

describe('the test is valid at any time', () => {
  it.each([
    [0.05, 20, 0.05],
    [0.05, 20, 0.03],
    [0.02, 20, 0.02],
    [0.1, 20, 0.1],
    [0.3, 20, 0.3],
    [0.05, 100, 0.05],
  ])(
    'with p0 = %d it reaches %i on 1,000 nodes of which %d fail with less than the stated risk',
    (p0, haltAt, share) => {
      const { halts } = characteristicsOf({
        rule: analysisRule({ p0, haltAt }),
        broken: { share },
        batches: oneByOne(1_000),
      })
      expect(halts).toBeGreaterThan(0)
      expect(halts).toBeLessThanOrEqual(1 / haltAt)
    },
  )
})
