/** The fixed list of seeds that CI runs; `npm run sim -- --seeds N` runs more. */
import { describe, expect, it } from 'vitest'
import { simulate } from './simulate.ts'

const SEEDS = Array.from({ length: Number(process.env['DUNLIN_SIM_SEEDS'] ?? 60) }, (_, i) => i + 1)

describe('under random commands and faults the laws hold', () => {
  it.each(SEEDS)('seed %i', async (seed) => {
    const { broken, story } = await simulate({ seed })
    if (broken.length > 0) console.log(story.join('\n'))
    expect(broken).toEqual([])
  })
  it('a seed replays exactly', async () => {
    const [first, again] = [await simulate({ seed: 7 }), await simulate({ seed: 7 })]
    expect(again.digest).toBe(first.digest)
    expect(first.commits).toBeGreaterThan(20)
  })
})
