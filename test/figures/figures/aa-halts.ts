/** The test alone, on releases that are exactly as bad as it tolerates: it may halt one of twenty, however often it looks. */
import { brokenOn, expected, grouped, haltedOf, NODES, rolloutFigure, type FigureSource } from '../figure.ts'
import { exactDefault, TEST_ALONE, TOLERATED } from '../policy.ts'

export const aaHalts: FigureSource = {
  name: 'aa_halts',
  run: async ({ rollouts, measure }) => {
    const count = Math.ceil(rollouts / 4)
    const nodes = NODES * TOLERATED.p0
    const measured = await measure(
      'aa_halts',
      brokenOn(nodes, { rollout: { max_failed_nodes_percent: 100 }, creates: true }),
      count,
    )
    const { halts } = exactDefault(NODES, { nodes }, TEST_ALONE)
    return {
      figures: [
        rolloutFigure(
          'aa_halts',
          haltedOf(measured).length / count,
          'share of rollouts',
          { atMost: 1 / TOLERATED.haltAt },
          {
            detail: `broken on ${nodes} of ${grouped(NODES)} nodes, which is just tolerated; no limits beside the test`,
            exact: `${halts.toFixed(4)} (${expected(halts, count)})`,
          },
        ),
      ],
    }
  },
}
