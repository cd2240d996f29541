/** That a hundred cycles strike in every order, also when not everything is there each time, and that it is counted right. */
import { expect, it } from 'vitest'
import { createDice } from '../random.ts'
import { createCoverage, holds } from './coverage.ts'
import { createPlans, orders } from './orders.ts'
import { targets } from './targets.ts'

it('tells every order of some things', () => {
  expect(orders(['a', 'b', 'c'], 2)).toEqual([
    ['a', 'b'],
    ['a', 'c'],
    ['b', 'a'],
    ['b', 'c'],
    ['c', 'a'],
    ['c', 'b'],
  ])
  expect(orders(['a', 'b', 'c', 'd'], 4)).toHaveLength(24)
})

it('finds an order with other kills between', () => {
  expect(holds(['server', 'api', 'agent'], ['server', 'agent'])).toBe(true)
  expect(holds(['agent', 'server'], ['server', 'agent'])).toBe(false)
})

it.each([1, 2, 3, 4, 5])('strikes in every order within 100 cycles though some strikes miss (seed %i)', (seed) => {
  const dice = createDice(seed)
  const planOf = createPlans(dice)
  const coverage = createCoverage()
  const struck = new Set<string>()
  for (let cycle = 1; cycle <= 100; cycle += 1) {
    const plan = planOf(cycle)
    for (const target of plan.targets) struck.add(target)
    const isMissed = cycle % 12 === 0
    if (isMissed) plan.missed()
    coverage.add(isMissed ? plan.targets.slice(1) : plan.targets)
  }
  expect(coverage.covered()).toMatchObject({ pairs: '56 of 56', triples: '24 of 24', allFour: '24 of 24', missing: [] })
  expect(struck).toEqual(new Set(targets))
})

it('says what has not come up', () => {
  const coverage = createCoverage()
  coverage.add(['server', 'agent+shim', 'node'])
  const { pairs, triples, missing } = coverage.covered()
  expect({ pairs, triples }).toEqual({ pairs: '3 of 56', triples: '1 of 24' })
  expect(missing).toContain('shim > agent')
  expect(missing).not.toContain('server > shim')
})
