/**
 * `growth`: what a node costs the centre that goes through a rollout, as the fleet grows: CPU time of scheduler and rollout
 * engine from the apply to the end of the rollout, default policy, for each node.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { closedWell } from '../measure/closed.ts'
import { median } from '../measure/rounds.ts'
import { passTime, type Passed } from '../played/time.ts'
import { startInMemory } from '../stage/in-memory.ts'
import { inDefaultWaves } from '../load/fleet-job.ts'

const MOST_SECONDS = 3_600
/** For each size. */
const ROUNDS = [5, 3, 1]

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

/** What the same time costs without any node: the clock of the bench, and services that have nothing to do. */
const emptyUsPerSecond = async (): Promise<number> => {
  const world = await startInMemory(0, { scheduler: true })
  try {
    const { cpuUs, seconds } = await passTime(world, { until: (_, passed) => passed >= 300 })
    return cpuUs / seconds
  } finally {
    await world.stop()
  }
}

const run = async (context: BenchContext) => {
  const sizes = context.quick ? [20, 60, 200] : [1_000, 10_000, 100_000]
  // Not counted: the first fleets meet cold code.
  for (let warm = 0; warm < 3; warm += 1) await oneFleet(sizes[0] ?? 0)
  const empty = await emptyUsPerSecond()
  const told: string[] = []
  const costs: number[] = []
  for (const [i, nodes] of sizes.entries()) {
    const rounds: Passed[] = []
    for (let round = 0; round < (ROUNDS[i] ?? 1); round += 1) rounds.push(await oneFleet(nodes))
    const cost = median(rounds.map(({ cpuUs, seconds }) => (cpuUs - seconds * empty) / nodes))
    const whole = median(rounds.map(({ cpuUs }) => cpuUs / nodes))
    const parse = median(rounds.map(({ parseUs }) => parseUs / nodes))
    const { beats, seconds } = rounds[0] as Passed
    costs.push(cost)
    told.push(
      `${nodes} nodes: ${cost.toFixed(0)} us a node (${whole.toFixed(0)} with what the time alone costs; ` +
        `${(beats / nodes).toFixed(0)} heartbeats in ${seconds} simulated s, whose bare JSON.parse takes ${parse.toFixed(0)} us)`,
    )
    context.say(told.at(-1) ?? '')
  }
  const detail =
    `CPU of scheduler and engine from the apply to the end of the rollout on the in-memory log, default policy, less ` +
    `${empty.toFixed(0)} us for each simulated second as without nodes; ${told.join('; ')}`
  return [figure('growth', Math.max(...costs) / Math.min(...costs), 'dearest/cheapest', { atMost: 1.2 }, detail)]
}

export const growth: Bench = { figures: ['growth'], run }
