/** A healthy rollout over time: what was granted and what had settled, beside the same waves without ramp and judgement. */
import type { Plot } from '../figure.ts'
import type { Timeline } from '../rollout/outcome.ts'
import { drawChart } from './chart.ts'

export const plotTimeline = (
  timeline: Timeline,
  waves: readonly number[],
  ramp: readonly number[],
  validationMs: number,
): Plot => {
  const endMs = timeline.at(-1)?.atMs ?? 0
  const targets = waves.reduce((sum, size) => sum + size, 0)
  let granted = 0
  const bare = waves.map((size, i): [number, number] => [(i * validationMs) / 1000, (granted += size)])
  const to = Math.ceil(endMs / 60_000) * 60
  return {
    file: 'healthy.svg',
    alt: `Nodes granted and settled over ${Math.round(endMs / 1000)} simulated seconds of a healthy rollout`,
    svg: drawChart({
      title: 'A healthy rollout of 1,000 nodes, default policy',
      subtitle: `The ramp: ${ramp.join(', ')} nodes, each step when the one before has settled; then ${waves.length - 1} waves`,
      x: {
        label: 'simulated seconds since the rollout opened',
        scale: 'linear',
        from: 0,
        to,
        ticks: Array.from({ length: to / 30 + 1 }, (_, i) => i * 30),
        show: String,
      },
      y: {
        label: 'nodes',
        scale: 'linear',
        from: 0,
        to: targets,
        ticks: [0, 0.2, 0.4, 0.6, 0.8, 1].map((share) => share * targets),
        show: (nodes) => nodes.toLocaleString('en-US'),
      },
      series: [
        { name: 'granted', as: 'steps', colour: 0, points: timeline.map((at) => [at.atMs / 1000, at.granted]) },
        { name: 'settled healthy', as: 'steps', colour: 3, points: timeline.map((at) => [at.atMs / 1000, at.settled]) },
        {
          name: 'granted by the same waves without ramp and judgement',
          as: 'steps',
          colour: 1,
          dashed: true,
          points: [[0, 0], ...bare],
        },
      ],
    }),
  }
}
