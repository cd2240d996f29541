/** What safety costs a healthy release: its time against the same waves without ramp and judgement. */
import { drawWaves } from '@dunlin/domain'
import { resolveRolloutPolicy } from '@dunlin/contracts'
import { brokenOn, NODES, quantile, rolloutFigure, type FigureSource } from '../figure.ts'
import { defaultBatches, SHORTEST_VALIDATION_MS } from '../policy.ts'
import { plotTimeline } from '../draw/timeline.ts'

export const healthyTime: FigureSource = {
  name: 'healthy_time',
  run: async ({ rollouts, measure }) => {
    const measured = await measure(
      'healthy_time',
      brokenOn(0, { fleet: 'real', timeline: true }),
      rollouts < 400 ? 1 : 5,
    )
    const waves = drawWaves(resolveRolloutPolicy({}), NODES)
    const bareMs = waves.length * SHORTEST_VALIDATION_MS
    const batches = defaultBatches(NODES)
    const tookMs = measured.map((one) => one.tookMs)
    const completed = measured.filter(({ ended }) => ended === 'completed').length
    const first = measured[0]
    return {
      figures: [
        rolloutFigure(
          'healthy_time',
          quantile(tookMs, 0.5) / bareMs,
          'times',
          { atMost: 1.3 },
          {
            detail: `${completed} of ${measured.length} completed, in ${tookMs.map((ms) => (ms / 1000).toFixed(1)).join(', ')} simulated seconds; ${waves.length} waves of ${SHORTEST_VALIDATION_MS / 1000} s are ${bareMs / 1000} s. Exact: ${batches.length} batches instead of ${waves.length}`,
            exact: (batches.length / waves.length).toFixed(2),
          },
        ),
      ],
      ...(first?.timeline === undefined
        ? {}
        : {
            plots: [
              plotTimeline(
                first.timeline,
                waves,
                batches.slice(0, batches.length - waves.length + 1),
                SHORTEST_VALIDATION_MS,
              ),
            ],
          }),
    }
  },
}
