/** `chaos_transitions`, `chaos_orphans`: what 100 cycles of kill -9 under load lose, double or leave behind (docs/chaos.md). */
import { runChaos, type LawName } from '../../chaos/run.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'

const SEED = 20_261
const CYCLES = 100

const run = async ({ binary, quick, say }: BenchContext) => {
  const result = await runChaos({
    binary,
    seed: SEED,
    cycles: quick ? 2 : CYCLES,
    nodes: quick ? 1 : 4,
    instances: quick ? 1 : 2,
    settleEvery: 10,
    keep: false,
    signal: new AbortController().signal,
    say,
  })
  const { findings, counts, kills, cycles, seconds, longestSettleMs, medianSettleMs } = result
  const count = (...laws: readonly LawName[]): number => findings.filter(({ law }) => laws.includes(law)).length
  const killed = Object.values(kills).reduce((sum, one) => sum + one, 0)
  const detail =
    `seed ${SEED}, ${cycles} cycles, ${killed} strikes in ${seconds.toFixed(0)} s; ${counts.starts} starts and ` +
    `${counts.exits} exits by tasks, ${counts.acknowledged} commands acknowledged; right again after a median of ` +
    `${medianSettleMs.toFixed(0)}, at most ${longestSettleMs.toFixed(0)} ms`
  return [
    figure(
      'chaos_transitions',
      count('lost', 'doubled', 'invented', 'commands'),
      'lost or doubled',
      { atMost: 0 },
      detail,
    ),
    figure(
      'chaos_orphans',
      count('orphans', 'overlap', 'converged', 'own_end', 'restarted', 'versions'),
      'left over',
      { atMost: 0 },
      detail,
    ),
  ]
}

export const chaos: Bench = { figures: ['chaos_transitions', 'chaos_orphans'], run }
