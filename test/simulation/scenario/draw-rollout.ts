/** Draws the rollout block of a spec: every strategy and limit, with windows of a second so that a rollout takes minutes. */
import type { Chance } from './chance.ts'

export const drawRollout = (chance: Chance): Readonly<Record<string, unknown>> => {
  const { pick, is, int } = chance
  const strategy = pick(['rolling', 'rolling', 'rolling', 'canary', 'canary', 'immediate'] as const)
  const [success, failure] = [int(1, 3), int(1, 3)]
  return {
    strategy,
    ...(is(0.15) ? { max_parallel_nodes: int(0, 4) } : { max_parallel: pick([10, 25, 34, 50, 100]) }),
    ...(strategy === 'canary' ? drawCanary(chance) : {}),
    ...(is(0.3) ? { max_failed_nodes: int(0, 3) } : {}),
    ...(is(0.4) ? { max_failed_nodes_percent: pick([0, 20, 50, 100]) } : {}),
    ...(is(0.2) ? { no_auto_rollback: true } : {}),
    ...(is(0.2) ? { analysis: 'off' } : {}),
    // Shorter than the rest at the end of a run: a rollout that waits for nobody must have ended by then.
    expiry: pick(['30s', '10m', '15m']),
    health_check: {
      interval: pick(['1s', '1s', '2s', '500ms']),
      success_threshold: success,
      failure_threshold: failure,
      deadline: pick(['8s', '20s', '60s']),
      ...(is(0.2) ? { max_error_rate: pick([0, 0.5]) } : {}),
    },
  }
}

const drawCanary = ({ is, int, pick }: Chance): Readonly<Record<string, unknown>> => ({
  ...(is(0.6) ? { auto_promote: true } : {}),
  ...(is(0.5) ? { canary_count: int(1, 3) } : is(0.5) ? { canary_percent: pick([10, 40]) } : {}),
})
