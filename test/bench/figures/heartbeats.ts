/**
 * `heartbeats_100k_wire`: which share of one core heartbeats cost the centre. 10,000 nodes beat every 10 s while a job on all
 * of them is validated in windows of 10 s, so liveness and health judge every beat; times ten for 100,000.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { validatedForLong } from '../load/fleet-job.ts'
import { deploy } from '../measure/deploy.ts'
import { withSystem } from '../stage/system.ts'

const TO_100K = 10

const run = (context: BenchContext) => {
  const [nodes, settleMs, watchMs] = context.quick ? [50, 500, 500] : [10_000, 15_000, 40_000]
  return withSystem(context, nodes, async (system) => {
    await deploy(system, validatedForLong(1))
    await pause(settleMs)
    const before = await system.centre.ask({ do: 'measure' }, 'measured')
    const began = performance.now()
    await pause(watchMs)
    const after = await system.centre.ask({ do: 'measure' }, 'measured')
    const share = (after.cpuMs - before.cpuMs) / (performance.now() - began)
    const detail =
      `measured ${(share * 100).toFixed(2)} % of a core with ${nodes} nodes for ${watchMs / 1000} s: scheduler and ` +
      `rollout engine in one process, every heartbeat received and judged by both; ${after.rssMb.toFixed(0)} MB`
    return [figure('heartbeats_100k_wire', share * TO_100K * 100, '% of a core', { below: 10 }, detail)]
  })
}

export const heartbeats: Bench = { figures: ['heartbeats_100k_wire'], run }
