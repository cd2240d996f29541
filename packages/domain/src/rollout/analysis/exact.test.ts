import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import {
  analysisRule,
  anyOf,
  characteristicsOf,
  characteristicsOfGroups,
  countRule,
  mostBelievable,
  oneByOne,
  percentRule,
  reachedPercentRule,
  touchedOfAll,
  touchedQuantile,
  type HaltingRule,
} from './exact.ts'

const analysis = analysisRule({ p0: 0.05, haltAt: 20 })
const singly = oneByOne(1_000)
const brokenNodes = (rule: HaltingRule, nodes: number, batches = singly) =>
  characteristicsOf({ rule, broken: { nodes }, batches })

describe('one node at a time, 1,000 nodes, so many of them broken', () => {
  it.each([
    ['e >= 20, p0 = 5 %', analysis, 1.2, 164],
    // The page says 7.1 and 41, which is right when the alternatives are five and the fifth lies at 4 or 5 %.
    ['e >= 20, p0 = 2 %', analysisRule({ p0: 0.02, haltAt: 20 }), 9.34, 39],
    ['> 10 %, at least 20 settled', percentRule(10, 20), 9.6, 27],
    ['> 10 %, at least 50 settled', percentRule(10, 50), 0.02, 57],
    ['e (p0 = 5 %) or > 10 % with at least 40 settled', anyOf(analysis, percentRule(10, 40)), 1.39, 46],
  ])('%s: %d false halts in 4,000 at 1 %%, median %i touched at 10 %%', (_, rule, falseHalts, median) => {
    expect(4_000 * brokenNodes(rule, 10).halts).toBeCloseTo(
      falseHalts,
      falseHalts === 9.34 || falseHalts === 1.39 ? 2 : 1,
    )
    expect(touchedQuantile(brokenNodes(rule, 100), 0.5)).toBe(median)
  })
  it('the former default of ten failed nodes halts two of five harmless rollouts', () =>
    expect(characteristicsOf({ rule: countRule(10), broken: { share: 0.01 }, batches: singly }).halts).toBeCloseTo(
      0.417,
      3,
    ))
})

/** Reference 5.9: 4,000 simulated rollouts each; what is computed must be believable beside what was simulated. */
describe('policies of others, 1,000 nodes in groups of 10, 40, 150, 300 and 500, one at a time', () => {
  const groups = [10, 40, 150, 300, 500]
  const ofGroup: HaltingRule = ({ failed }, targets) => failed > 0.1 * targets
  const shares = [0.01, 0.05, 0.1, 0.2, 0.5, 1]
  it.each<[string, HaltingRule, readonly number[], readonly (readonly [halts: number, median?: number])[]]>([
    ['20 % after 100', reachedPercentRule(20, 100), [1000], [[0], [0], [0.003], [0.9, 100], [1, 100], [1, 100]]],
    ['20 % after 10', reachedPercentRule(20, 10), [1000], [[0.005], [0.096], [0.33, 10], [0.97, 10], [1, 10], [1, 10]]],
    ['5 % after 10', reachedPercentRule(5, 10), [1000], [[0.2], [0.94, 13], [1, 10], [1, 10], [1, 10], [1, 10]]],
    ['10 % of the group', ofGroup, groups, [[0.005], [0.13], [0.93, 45], [1, 8], [1, 3], [1, 2]]],
    ['first failure', countRule(0), [1000], [[1], [1], [1], [1], [1], [1, 1]]],
    ['e >= 20, p0 = 5 %', analysis, [1000], [[0], [0.028], [0.995, 164], [1, 22], [1, 3], [1, 2]]],
  ])('%s', (_, rule, sizes, simulated) => {
    for (const [i, [halts, median]] of simulated.entries()) {
      const computed = characteristicsOfGroups(rule, shares[i] as number, sizes)
      expect(Math.abs(computed.halts - halts)).toBeLessThanOrEqual(0.005 + 4 * Math.sqrt((halts * (1 - halts)) / 4_000))
      if (median === undefined) continue
      const near = Math.abs((touchedQuantile(computed, 0.5) as number) - median)
      expect(near).toBeLessThanOrEqual(median < 40 ? 1 : 8)
    }
  })
  it('a rollout that is not halted touches everybody', () => {
    expect(touchedOfAll(characteristicsOfGroups(percentRule(20, 100), 0.01, [1000]), 0.5)).toBe(1000)
    expect(touchedOfAll(characteristicsOfGroups(countRule(0), 1, [1000]), 0.5)).toBe(1)
  })
})

describe('a release that is broken everywhere', () => {
  it('touches two nodes, also when the ramp grants in batches', () => {
    expect(touchedQuantile(brokenNodes(analysis, 1_000), 0.99)).toBe(2)
    expect(touchedQuantile(brokenNodes(analysis, 1_000, [2, 10, 88, 900]), 0.99)).toBe(2)
  })
  it('touches the first batch when it is larger', () =>
    expect(touchedQuantile(brokenNodes(analysis, 1_000, [100, 900]), 0.5)).toBe(100))
})

test.prop([fc.integer({ min: 1, max: 60 }), fc.nat(100), fc.array(fc.integer({ min: 1, max: 9 }), { maxLength: 8 })])(
  'the chance to halt is a probability, and in batches nobody halts before the first one settles',
  (nodes, percent, some) => {
    const rule = anyOf(analysis, percentRule(20, 5))
    const broken = { share: percent / 100 }
    const alone = characteristicsOf({ rule, broken, batches: oneByOne(nodes) })
    expect(alone.halts).toBeGreaterThanOrEqual(0)
    expect(alone.halts).toBeLessThanOrEqual(1 + 1e-9)
    const batches = [...some, nodes]
    const [first = 0] = batches
    const together = characteristicsOf({ rule, broken, batches })
    const touched = touchedQuantile(together, 0)
    if (touched !== undefined) expect(touched).toBeGreaterThanOrEqual(first)
  },
)

test.prop([fc.integer({ min: 1, max: 12 }), fc.nat(12), fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 4 })])(
  'it agrees with counting every way in which so many nodes can be broken',
  (size, wanted, sizes) => {
    const batches = sizes.length === 0 ? [size] : sizes
    const targets = batches.reduce((sum, one) => sum + one, 0)
    const nodes = Math.min(targets, wanted)
    const rule = anyOf(analysis, percentRule(30, 3))
    const counted = new Float64Array(targets + 1)
    let ways = 0
    for (let set = 0; set < 2 ** targets; set += 1) {
      const fails = (node: number): boolean => Math.floor(set / 2 ** node) % 2 === 1
      const broken = Array.from({ length: targets }, (_, node) => fails(node))
      if (broken.filter(Boolean).length !== nodes) continue
      ways += 1
      const at = haltsAt(rule, broken, batches)
      if (at !== undefined) counted[at] = (counted[at] as number) + 1
    }
    const { touchedAt } = characteristicsOf({ rule, broken: { nodes }, batches })
    counted.forEach((count, at) => expect(touchedAt[at]).toBeCloseTo(count / ways, 9))
  },
)

/** Nodes touched when the rule halts this very rollout. */
const haltsAt = (rule: HaltingRule, broken: readonly boolean[], batches: readonly number[]): number | undefined => {
  let [settled, failed, touched] = [0, 0, 0]
  for (const size of batches) {
    const failing = broken.slice(touched, touched + size).filter(Boolean).length
    touched += size
    settled += size - failing
    const healthyHalt = failing < size && rule({ settled, failed }, broken.length)
    settled += failing
    failed += failing
    if (healthyHalt || (failing > 0 && rule({ settled, failed }, broken.length))) return touched
  }
  return undefined
}

describe('the most that chance explains', () => {
  it('is nothing for what cannot happen, and everything for what must', () => {
    expect(mostBelievable(100, 0, 1e-6)).toBe(0)
    expect(mostBelievable(100, 1, 1e-6)).toBe(100)
  })
  it('of 40 trials at one in a thousand is three, with a risk below one in a million', () =>
    expect(mostBelievable(40, 0.001, 1e-6)).toBe(3))
})
