/** What is left after a rollback: every node back on the version before, and nobody else touched. */
import { brokenOn, grouped, NODES, rolloutFigure, type FigureSource } from '../figure.ts'
import type { Measured } from '../work/case.ts'

/** Broken shares in percent; the smaller, the more nodes have the release when it halts. */
const SHARES = [7, 10, 20, 100]

export const rollbackWrong: FigureSource = {
  name: 'rollback_wrong',
  run: async ({ rollouts, measure }) => {
    const each = Math.ceil(rollouts / 160)
    const all: Measured[] = []
    for (const percent of SHARES) {
      const one = brokenOn((NODES * percent) / 100, { fleet: 'real' })
      all.push(...(await measure(`rollback_wrong_${percent}`, one, each)))
    }
    const back = all.filter(({ rollback }) => rollback !== undefined)
    const undone = back.reduce((sum, { touched }) => sum + touched, 0)
    const sum = (of: (one: Measured) => number): number => back.reduce((total, one) => total + of(one), 0)
    const incomplete = back.filter(({ rollback }) => rollback?.outcome !== 'completed').length
    const detail = `${grouped(back.length)} rollbacks of ${grouped(all.length)} rollouts, broken on ${SHARES.join(', ')} % of the nodes; ${grouped(undone)} nodes taken back, ${incomplete} rollbacks did not complete`
    // The set follows from the rules: nodes whose latest grant has other content.
    const exact = '0'
    return {
      figures: [
        rolloutFigure(
          'rollback_wrong',
          sum(({ left }) => left?.wrong ?? NaN),
          'nodes on wrong content',
          { atMost: 0 },
          {
            detail,
            exact,
          },
        ),
        rolloutFigure(
          'rollback_wrong_touched',
          sum(({ left, rollback }) => (left?.disturbed ?? NaN) + (rollback?.neverGranted ?? NaN)),
          'nodes touched that were never granted',
          { atMost: 0 },
          { detail, exact },
        ),
      ],
    }
  },
}
