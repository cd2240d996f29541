/** False halts by the share of nodes that fail anyway: our default, measured and computed, beside simpler rules. */
import {
  characteristicsOf,
  countRule,
  oneByOne,
  percentRule,
  reachedPercentRule,
  type HaltingRule,
} from '@dunlin/domain'
import { drawChart, type Series } from '../draw/chart.ts'
import { brokenOn, grouped, haltedOf, NODES, type FigureSource } from '../figure.ts'
import { DEFAULT_RULE, exactDefault } from '../policy.ts'

const OTHERS: readonly { readonly name: string; readonly rule: HaltingRule }[] = [
  { name: 'first failure, one by one', rule: countRule(0) },
  { name: '5 % after 10, one by one', rule: reachedPercentRule(5, 10) },
  { name: 'more than 10 % of at least 20, one by one', rule: percentRule(10, 20) },
]

/** Percent. 1 % is measured on as many rollouts as the figure `false_halts`, and is the same run. */
const MEASURED = [1, 2, 3, 4, 5]
const COMPUTED = [0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 4.5, 5]
const LOWEST = 1e-6

export const falseCurve: FigureSource = {
  name: 'false_curve',
  run: async ({ rollouts, measure }) => {
    const seen: [number, number][] = []
    const limits: [number, number][] = []
    for (const percent of MEASURED) {
      const count = percent === 1 ? rollouts : Math.max(5, Math.ceil(rollouts / 10))
      const name = `false_halts_${percent}pc`
      const halted = haltedOf(await measure(name, brokenOn((NODES * percent) / 100, { creates: true }), count)).length
      if (halted > 0) seen.push([percent, halted / count])
      // None in n: with 95 % confidence the probability is below this.
      else limits.push([percent, 1 - 0.05 ** (1 / count)])
    }
    const probability = (rule: HaltingRule, percent: number): number =>
      characteristicsOf({ rule, broken: { nodes: (NODES * percent) / 100 }, batches: oneByOne(NODES) }).halts
    const line = (name: string, colour: number, of: (percent: number) => number, dashed: boolean): Series => ({
      name,
      colour,
      dashed,
      as: 'line',
      points: COMPUTED.map((percent) => [percent, Math.max(LOWEST, of(percent))]),
    })
    const svg = drawChart({
      title: 'How often a release is halted that is no worse than the fleet',
      subtitle: `Probability that a rollout over 1,000 nodes halts. Dots: the real engine, ${grouped(rollouts)} rollouts at 1 %`,
      x: {
        label: 'nodes that fail whatever runs on them; 5 % is what the default tolerates',
        scale: 'linear',
        from: 0,
        to: 5,
        ticks: [0, 1, 2, 3, 4, 5],
        show: (percent) => `${percent} %`,
      },
      y: {
        label: 'probability',
        scale: 'log',
        from: LOWEST,
        to: 1,
        ticks: [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
        show: (share) => `${Number((100 * share).toPrecision(1))} %`,
      },
      series: [
        { name: 'Dunlin, default policy, measured', as: 'marks', colour: 0, points: seen },
        { name: 'none seen: 95 % upper limit', as: 'limits', colour: 0, points: limits },
        line(
          'Dunlin, computed with ramp and waves',
          0,
          (percent) => exactDefault(NODES, { nodes: percent * (NODES / 100) }).halts,
          false,
        ),
        line('Dunlin’s rule, one by one', 6, (percent) => probability(DEFAULT_RULE, percent), false),
        ...OTHERS.map(({ name, rule }, i) => line(name, i + 1, (percent) => probability(rule, percent), true)),
      ],
    })
    const told = seen.map(([percent, share]) => `${(100 * share).toPrecision(2)} % at ${percent} %`)
    const alt = `Probability of a false halt by background failure rate: ${told.join(', ') || 'none seen'}`
    return { figures: [], plots: [{ file: 'false-halts.svg', svg, alt }] }
  },
}
