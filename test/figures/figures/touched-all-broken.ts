/** A release that is broken on every node: how many nodes it reaches before it is stopped. */
import { touchedQuantile } from '@dunlin/domain'
import { brokenOn, grouped, haltedOf, NODES, quantile, rolloutFigure, type FigureSource } from '../figure.ts'
import { exactDefault } from '../policy.ts'

export const touchedAllBroken: FigureSource = {
  name: 'touched_all_broken',
  run: async ({ rollouts, measure }) => {
    const count = Math.ceil(rollouts / 10)
    const measured = await measure('touched_all_broken', brokenOn(NODES), count)
    const touched = measured.map((one) => one.touched)
    const exact = exactDefault(NODES, { nodes: NODES })
    const halted = `${grouped(haltedOf(measured).length)} of ${grouped(count)} rollouts halted`
    const said = (q: number) => ({
      detail: `${halted}; at most ${Math.max(...touched)} nodes touched`,
      exact: `${touchedQuantile(exact, q)}`,
    })
    return {
      figures: [
        rolloutFigure('touched_all_broken', quantile(touched, 0.5), 'nodes, median', { atMost: 2 }, said(0.5)),
        rolloutFigure('touched_all_broken_p99', quantile(touched, 0.99), 'nodes, p99', { atMost: 5 }, said(0.99)),
      ],
    }
  },
}
