/**
 * The figures at a size for every change: 40 rollouts each on fixed seeds, so that the outcome of one commit never varies.
 * A count that chance decides is held to what chance explains once in a million.
 */
import { mostBelievable } from '@dunlin/domain'
import { beforeAll, describe, expect, it } from 'vitest'
import { createContext } from './context.ts'
import { brokenOn, haltedOf, NODES, type FigureContext, type PublishedFigure } from './figure.ts'
import { halted10pc } from './figures/halted-10pc.ts'
import { healthyTime } from './figures/healthy-time.ts'
import { rollbackWrong } from './figures/rollback-wrong.ts'
import { sameDecisions } from './figures/same-decisions.ts'
import { touchedAllBroken } from './figures/touched-all-broken.ts'
import { failingShare, HARMLESS } from './fleet/population.ts'
import { exactDefault, RUNS, TOLERATED } from './policy.ts'
import { runCase } from './work/case.ts'
import type { Pool } from './work/pool.ts'

const ROLLOUTS = 40
const RISK = 1e-6

let context: FigureContext
beforeAll(() => {
  const pool: Pool = { measure: (one, seeds) => runCase(one, seeds), stop: async () => {} }
  context = createContext({
    commit: 'seeds of the tests',
    rollouts: ROLLOUTS,
    seeds: 1,
    quick: true,
    pool,
    child: () => Promise.reject(new Error('other commands have tests of their own')),
    unchanged: async () => undefined,
    say: () => {},
  })
})
const figuresOf = async (source: typeof halted10pc): Promise<ReadonlyMap<string, PublishedFigure>> =>
  new Map((await source.run(context)).figures.map((one) => [one.name, one]))

it('the engine decides the same on the light fleet and on the real one', async () =>
  expect((await figuresOf(sameDecisions)).get('same_decisions')?.value).toBe(0))

describe('a broken release', () => {
  it('that fails everywhere reaches two nodes', async () => {
    const figures = await figuresOf(touchedAllBroken)
    expect(figures.get('touched_all_broken')).toMatchObject({ value: 2, met: true })
    expect(figures.get('touched_all_broken_p99')).toMatchObject({ value: 2, met: true })
  })
  it('that fails on one node of ten is halted', async () =>
    expect((await figuresOf(halted10pc)).get('halted_10pc')).toMatchObject({ value: 1, met: true }))
  it('is taken back from exactly the nodes that had it', async () => {
    const figures = await figuresOf(rollbackWrong)
    expect(figures.get('rollback_wrong')).toMatchObject({ value: 0, met: true })
    expect(figures.get('rollback_wrong_touched')).toMatchObject({ value: 0, met: true })
  })
})

describe('a release that is no worse than the fleet', () => {
  const believable = (probability: number): number => mostBelievable(ROLLOUTS, probability, RISK)
  it('is halted no more often than arithmetic says where one node of a hundred is broken', async () => {
    const measured = await context.measure('false_halts_1pc', brokenOn(NODES / 100, { creates: true }), ROLLOUTS)
    const exact = exactDefault(NODES, { nodes: NODES / 100 }).halts
    expect(haltedOf(measured).length).toBeLessThanOrEqual(believable(exact))
  })
  it('is halted by the test alone no more often than one of twenty where it is just as bad as tolerated (T3)', async () => {
    const rollout = { max_failed_nodes_percent: 100 }
    const measured = await context.measure(
      'aa_halts',
      brokenOn(NODES * TOLERATED.p0, { rollout, creates: true }),
      ROLLOUTS,
    )
    expect(haltedOf(measured).length).toBeLessThanOrEqual(believable(1 / TOLERATED.haltAt))
  })
  it('nor where nodes are noisy by themselves', async () => {
    const measured = await context.measure('false_halts_noisy', brokenOn(0, { population: HARMLESS }), ROLLOUTS)
    const exact = exactDefault(NODES, { share: failingShare(HARMLESS.noise, RUNS) }).halts
    expect(haltedOf(measured).length).toBeLessThanOrEqual(believable(exact))
    // The noise is there: without it this would show nothing.
    expect(measured.reduce((sum, { failed }) => sum + failed, 0)).toBeGreaterThan(ROLLOUTS)
  })
  it('takes little longer than its waves', async () =>
    expect((await figuresOf(healthyTime)).get('healthy_time')?.value).toBeLessThanOrEqual(1.3))
})
