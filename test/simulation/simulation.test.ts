/** The fixed list of seeds that CI runs; `npm run sim -- --seeds N` runs more. */
import { expect, it } from 'vitest'
import { runSeeds } from './run/pool.ts'
import { simulate } from './run/simulate.ts'
import { drawScenario } from './scenario/draw.ts'

const SEEDS = Number(process.env['DUNLIN_SIM_SEEDS'] ?? 2_000)

it(`under random commands and faults all laws hold (${SEEDS} seeds)`, { timeout: 900_000 }, async () => {
  const results = await runSeeds({ from: 1, count: SEEDS, until: ({ broken }) => broken.length > 0 })
  const broken = results.filter((result) => result.broken.length > 0)
  for (const { seed } of broken) console.log(`npm run sim -- --seed ${seed} --shrink`)
  expect(broken).toEqual([])
  expect(results).toHaveLength(SEEDS)
})

it('a seed replays exactly', async () => {
  for (const seed of [7, 8, 9]) {
    const [first, again] = [await simulate(drawScenario(seed)), await simulate(drawScenario(seed))]
    expect(again.digest).toBe(first.digest)
    expect(first.commits).toBeGreaterThan(4)
  }
})
