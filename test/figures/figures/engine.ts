/** What decisions, heartbeats, plans and growth cost the engine: the benches of the same names, one process for each. */
import type { Figure } from '../../bench/figure.ts'
import { tooSmall, type FigureSource } from '../figure.ts'

/** Names of `npm run bench`, and the fleets on which they measure. */
const SIZES = {
  decision_10k: '10,000 nodes',
  decision_10k_cpu: '10,000 nodes',
  heartbeats_100k: '100,000 nodes',
  heartbeats_100k_wave: '100,000 nodes',
  plan_100k: '100,000 nodes',
  growth: '1,000, 10,000, 100,000 nodes',
} as const

const engineFigure = ([name, size]: [name: string, size: string]): FigureSource => ({
  name,
  inChild: true,
  run: async ({ quick, child }) => {
    const args = ['--only', name, ...(quick ? ['--quick'] : [])]
    // The bench of this very repository wrote it: its type is known.
    const { figures } = (await child('test/bench/main.ts', args)) as { readonly figures: readonly Figure[] }
    const measured = figures.filter((one) => one.name === name)
    if (measured.length === 0) throw new Error(`the bench could not measure ${name}`)
    return quick ? { figures: measured.map(tooSmall), size: 'a tiny fleet (--quick)' } : { figures: measured, size }
  },
})

export const engineFigures: readonly FigureSource[] = Object.entries(SIZES).map(engineFigure)
