/** Nodes touched by the share of broken nodes: our default, measured and computed, beside what others decide by. */
import {
  characteristicsOf,
  characteristicsOfGroups,
  countRule,
  oneByOne,
  reachedPercentRule,
  touchedOfAll,
  type HaltingRule,
} from '@dunlin/domain'
import { drawChart, type Series } from '../draw/chart.ts'
import { brokenOn, NODES, quantile, type FigureSource } from '../figure.ts'
import { DEFAULT_RULE, exactDefault } from '../policy.ts'

const GROUPS = [10, 40, 150, 300, 500]
const ofGroup: HaltingRule = ({ failed }, targets) => failed > 0.1 * targets

/** Reference 5.9. One node at a time: what each rule can reach at best. */
const OTHERS: readonly { readonly name: string; readonly rule: HaltingRule; readonly groups?: readonly number[] }[] = [
  { name: '20 % after 100 (AWS documentation), one by one', rule: reachedPercentRule(20, 100) },
  { name: '20 % after 10, one by one', rule: reachedPercentRule(20, 10) },
  { name: '5 % after 10, one by one', rule: reachedPercentRule(5, 10) },
  { name: '10 % of the present group (as hawkBit), one by one', rule: ofGroup, groups: GROUPS },
  { name: 'first failure, one by one', rule: countRule(0) },
]

/** Percent. */
const MEASURED = [2, 5, 10, 15, 20, 35, 50, 100]
const COMPUTED = [0.5, 0.7, 1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 20, 25, 30, 35, 40, 50, 60, 80, 100]

export const touchedCurve: FigureSource = {
  name: 'touched_curve',
  run: async ({ rollouts, measure }) => {
    const each = Math.max(5, Math.ceil(rollouts / 40))
    const measured: [number, number][] = []
    for (const percent of MEASURED) {
      const outcomes = await measure(`touched_${percent}pc`, brokenOn((NODES * percent) / 100, { creates: true }), each)
      measured.push([
        percent,
        quantile(
          outcomes.map(({ touched }) => touched),
          0.5,
        ),
      ])
    }
    const others = OTHERS.map(({ name, rule, groups = [NODES] }, i): Series => {
      const at = (percent: number): number => touchedOfAll(characteristicsOfGroups(rule, percent / 100, groups), 0.5)
      return {
        name,
        as: 'line',
        dashed: true,
        colour: i + 1,
        points: COMPUTED.map((percent) => [percent, at(percent)]),
      }
    })
    const ours = (batches: readonly number[] | undefined): [number, number][] =>
      COMPUTED.map((percent) => {
        const broken = { nodes: Math.round((NODES * percent) / 100) }
        const exact =
          batches === undefined
            ? exactDefault(NODES, broken)
            : characteristicsOf({ rule: DEFAULT_RULE, broken, batches })
        return [percent, touchedOfAll(exact, 0.5)]
      })
    const svg = drawChart({
      title: 'How many of 1,000 nodes a bad release reaches',
      subtitle: `Median nodes touched; a rollout that is never halted touches all. Dots: the real engine, ${each} rollouts each`,
      x: {
        label: 'nodes that the release breaks',
        scale: 'log',
        from: 0.5,
        to: 100,
        ticks: [0.5, 1, 2, 5, 10, 20, 50, 100],
        show: (percent) => `${percent} %`,
      },
      y: {
        label: 'nodes',
        scale: 'log',
        from: 1,
        to: 1000,
        ticks: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000],
        show: String,
      },
      series: [
        { name: 'Dunlin, default policy, measured', as: 'marks', colour: 0, points: measured },
        { name: 'Dunlin, computed with ramp and waves', as: 'line', colour: 0, points: ours(undefined) },
        { name: 'Dunlin’s rule, one by one', as: 'line', colour: 6, points: ours(oneByOne(NODES)) },
        ...others,
      ],
    })
    const alt = `Median nodes touched by share of broken nodes: ${measured.map(([percent, nodes]) => `${nodes} at ${percent} %`).join(', ')}`
    return { figures: [], plots: [{ file: 'touched.svg', svg, alt }] }
  },
}
