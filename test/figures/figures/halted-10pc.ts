/** A release that is broken on one node of ten: whether it is halted at all, and after how many nodes. */
import { touchedQuantile } from '@dunlin/domain'
import { brokenOn, grouped, haltedOf, NODES, quantile, rolloutFigure, type FigureSource } from '../figure.ts'
import { exactDefault } from '../policy.ts'

export const halted10pc: FigureSource = {
  name: 'halted_10pc',
  run: async ({ rollouts, measure }) => {
    const count = Math.ceil(rollouts / 4)
    const measured = await measure('halted_10pc', brokenOn(NODES / 10), count)
    const halted = haltedOf(measured)
    const touched = halted.map((one) => one.touched)
    const exact = exactDefault(NODES, { nodes: NODES / 10 })
    const within = exact.touchedAt.slice(0, 121).reduce((sum, probability) => sum + probability, 0)
    return {
      figures: [
        rolloutFigure(
          'halted_10pc',
          halted.length / count,
          'share of rollouts',
          { atLeast: 0.99 },
          {
            detail: `${grouped(halted.length)} of ${grouped(count)} rollouts halted`,
            exact: exact.halts.toFixed(4),
          },
        ),
        rolloutFigure(
          'halted_10pc_touched',
          quantile(touched, 0.5),
          'nodes, median',
          { atMost: 120 },
          {
            detail: `p99 ${quantile(touched, 0.99)}; ${grouped(touched.filter((nodes) => nodes <= 120).length)} of ${grouped(count)} within 120 nodes`,
            exact: `${touchedQuantile(exact, 0.5)}; within 120: ${(100 * within).toFixed(1)} %`,
          },
        ),
      ],
    }
  },
}
