/**
 * `growth`: what a node costs the centre that goes through a rollout, as the fleet grows: CPU time of scheduler and rollout
 * engine from the apply to the end of the rollout, default policy, for each node.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { closedWell } from '../measure/closed.ts'
import { passTime, type Passed } from '../played/time.ts'
import { startInMemory } from '../stage/in-memory.ts'
import { inDefaultWaves } from '../load/fleet-job.ts'

const MOST_SECONDS = 3_600

const oneFleet = async (nodes: number): Promise<Passed> => {
  const world = await startInMemory(nodes, { scheduler: true })
  try {
    // Everybody is heard before, and connected by the scheduler's own hand.
    await passTime(world, { until: (_, seconds) => seconds >= 20 })
    await world.through(world.person.apply(inDefaultWaves(1)))
    return await passTime(world, {
      until: (events, seconds) => {
        if (seconds > MOST_SECONDS) throw new Error(`not over after ${seconds} s`)
        return closedWell(events, nodes)
      },
    })
  } finally {
    await world.stop()
  }
}

const run = async (context: BenchContext) => {
  const sizes = context.quick ? [20, 60, 200] : [1_000, 10_000, 100_000]
  // Not counted: the first fleet meets cold code.
  await oneFleet(sizes[0] ?? 0)
  const told: string[] = []
  const costs: number[] = []
  for (const nodes of sizes) {
    const { cpuUs, parseUs, seconds, beats } = await oneFleet(nodes)
    costs.push(cpuUs / nodes)
    told.push(
      `${nodes} nodes: ${(cpuUs / nodes).toFixed(0)} us a node (${(beats / nodes).toFixed(0)} heartbeats in ${seconds} ` +
        `simulated s, whose bare JSON.parse takes ${(parseUs / nodes).toFixed(0)} us)`,
    )
    context.say(told.at(-1) ?? '')
  }
  const detail = `CPU of scheduler and engine on the in-memory log, default policy; ${told.join('; ')}`
  return [figure('growth', Math.max(...costs) / Math.min(...costs), 'dearest/cheapest', { atMost: 1.2 }, detail)]
}

export const growth: Bench = { figures: ['growth'], run }
