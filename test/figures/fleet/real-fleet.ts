/** The fleet as it is: the real scheduler and simulated agents, which speak the whole protocol. */
import type { NodeId } from '@dunlin/contracts'
import { startSimulatedAgents, type Script, type SimulatedFleet } from '@dunlin/node-agent'
import { silentLogger } from '@dunlin/runtime'
import { startScheduler } from '@dunlin/scheduler'
import { alwaysBad, alwaysGood, type Behaviour } from './behaviour.ts'
import type { Centre, PlayedFleet } from './centre.ts'

/** Idle nodes beat rarely: most of a rollout's heartbeats would otherwise say that nothing happens. */
const IDLE_BEAT_MS = 60_000

/** Long enough for a verdict: the default deadline is 30 windows. */
const WINDOWS_SCRIPTED = 40

const scriptOf = (behaviour: Behaviour, program: string, node: NodeId): Script => {
  const life = behaviour(program, node)
  const perSecond = { inPerSecond: 10 }
  if (life === alwaysGood) return perSecond
  if (life === alwaysBad) return { ...perSecond, failedPerSecond: 7.5 }
  const stages = Array.from({ length: WINDOWS_SCRIPTED }, (_, i) => ({
    fromWindow: i + 1,
    failedPerSecond: life(i + 1) ? 7.5 : 0,
  }))
  return { ...perSecond, stages }
}

/** Starts scheduler and agents and waits until every node is admitted and connected. */
export const startRealFleet = async (
  centre: Centre,
  nodes: number,
  behaviour: Behaviour,
): Promise<PlayedFleet & { agents: SimulatedFleet }> => {
  const { store, clock, random, programs } = centre
  const agents = startSimulatedAgents(
    { bus: store.bus, reports: store.log, desired: store.desired, clock, random, logger: silentLogger },
    {
      count: nodes,
      fresh: true,
      heartbeatMs: IDLE_BEAT_MS,
      scripts: ({ content, node }) => scriptOf(behaviour, programs.get(content) ?? '', node),
    },
  )
  const scheduler = startScheduler(
    { ...store, clock, random, logger: silentLogger },
    {
      owner: 'scheduler',
      liveness: { disconnectedAfterMs: 4 * IDLE_BEAT_MS, lostAfterMs: 24 * 3_600_000 },
      snapshotEvery: Infinity,
    },
  )
  let announced = false
  void agents.announced.then(() => (announced = true))
  await centre.runUntil(() => announced, 60_000)
  // Admission and the first heartbeat take the scheduler a moment.
  await centre.runUntil(() => false, 5_000)
  return {
    agents,
    stop: async () => {
      agents.stop()
      await scheduler.stop()
    },
  }
}
