/** Releases that are as good as a fleet can expect: how often one of them is halted all the same. */
import { HARMLESS, failingShare } from '../fleet/population.ts'
import { brokenOn, expected, grouped, haltedOf, NODES, rolloutFigure, type FigureSource } from '../figure.ts'
import { exactDefault, RUNS } from '../policy.ts'

/** The goal is stated for so many rollouts. */
const STATED_FOR = 4000
const GOAL = 6

export const falseHalts: FigureSource = {
  name: 'false_halts',
  run: async ({ rollouts, measure }) => {
    const onePercent = await measure('false_halts_1pc', brokenOn(NODES / 100, { creates: true }), rollouts)
    const noisy = await measure('false_halts_noisy', brokenOn(0, { population: HARMLESS }), rollouts)
    const goal = { atMost: (GOAL * rollouts) / STATED_FOR }
    const exactly = exactDefault(NODES, { nodes: NODES / 100 }).halts
    const failing = failingShare(HARMLESS.noise, RUNS)
    const unsparing = exactDefault(NODES, { share: failing }).halts
    const failed = noisy.reduce((sum, one) => sum + one.failed, 0) / noisy.length
    const unit = `of ${grouped(rollouts)}`
    return {
      figures: [
        rolloutFigure('false_halts_1pc', haltedOf(onePercent).length, unit, goal, {
          detail: 'broken for ever on 10 of 1,000 nodes, default policy, as the first version of a job',
          exact: expected(exactly, rollouts),
        }),
        rolloutFigure('false_halts_noisy', haltedOf(noisy).length, unit, goal, {
          detail: `harmless; bursts of errors on every node, some sick half of their time; ${failed.toFixed(1)} nodes of a rollout failed their validation. Exact: if each node fails by itself with ${(100 * failing).toFixed(2)} %, as its noise gives; fewer are expected, because who was sick before is no evidence`,
          exact: expected(unsparing, rollouts),
        }),
      ],
    }
  },
}
