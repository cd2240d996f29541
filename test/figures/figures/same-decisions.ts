/** Whether the light fleet may stand for the real one: the same seeds on both, every decision compared. */
import { HARMLESS } from '../fleet/population.ts'
import { brokenOn, NODES, rolloutFigure, type FigureSource } from '../figure.ts'
import type { Case } from '../work/case.ts'

const CASES: readonly (readonly [name: string, one: Case])[] = [
  ['all', brokenOn(NODES)],
  ['10pc', brokenOn(NODES / 10)],
  ['1pc', brokenOn(NODES / 100, { creates: true })],
  ['noisy', brokenOn(0, { population: HARMLESS })],
]

export const sameDecisions: FigureSource = {
  name: 'same_decisions',
  run: async ({ rollouts, measure }) => {
    const each = rollouts < 400 ? 1 : 5
    let compared = 0
    const differing: string[] = []
    for (const [name, one] of CASES) {
      const light = await measure(`same_${name}`, one, each)
      const real = await measure(`same_${name}`, { ...one, fleet: 'real' }, each)
      compared += real.length
      for (const [i, { seed, digest }] of real.entries())
        if (digest !== light[i]?.digest) differing.push(`${name} ${seed}`)
    }
    return {
      figures: [
        rolloutFigure(
          'same_decisions',
          differing.length,
          'rollouts decided differently',
          { atMost: 0 },
          {
            detail: `${compared} rollouts on both fleets: every plan, grant, verdict, wave, halt and rollback compared${differing.length === 0 ? '' : `; differing: ${differing.join(', ')}`}`,
            exact: '0',
          },
        ),
      ],
    }
  },
}
