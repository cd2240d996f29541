/** A case: the same rollout on many seeds. Plain data, so that it can be sent to a worker thread. */
import type { NodeId } from '@dunlin/contracts'
import { alwaysGood, BEFORE, RELEASE, type Behaviour } from '../fleet/behaviour.ts'
import { startLightFleet } from '../fleet/light-fleet.ts'
import { behaviourOf, type Population } from '../fleet/population.ts'
import { startRealFleet } from '../fleet/real-fleet.ts'
import { createCentre } from '../fleet/centre.ts'
import { digestFrom } from '../rollout/digest.ts'
import { leftovers, runningOn, type Leftovers } from '../rollout/leftovers.ts'
import { outcomeOf, timelineOf, type Outcome, type Timeline } from '../rollout/outcome.ts'
import { rollOut, settle, type RolloutBlock } from '../rollout/roll-out.ts'

export interface Case {
  readonly fleet: 'light' | 'real'
  readonly nodes: number
  readonly population: Population
  readonly rollout: RolloutBlock
  readonly timeline?: boolean
  /** Nothing ran before: the release creates the job. It is judged alike, and costs half as much to measure. Default false. */
  readonly creates?: boolean
}

export interface Measured extends Outcome {
  readonly seed: number
  /** Of the engine's decisions: equal on both fleets. */
  readonly digest: string
  /** Granted and settled nodes at each moment at which they changed, ms since the rollout opened; where it was asked for. */
  readonly timeline?: Timeline
  /** What the agents run in the end; on the real fleet. */
  readonly left?: Leftovers
}

const nodeIds = (nodes: number): NodeId[] =>
  Array.from({ length: nodes }, (_, i) => `sim-${String(i).padStart(6, '0')}` as NodeId)

/** Long enough for the last document to reach its node. */
const COME_TO_REST_MS = 60_000

/** One world serves many rollouts, each of a job of its own: nothing of one is seen by the next. */
export const runCase = async (
  { fleet, nodes, population, rollout, timeline = false, creates = false }: Case,
  seeds: readonly number[],
  onMeasured: (measured: Measured) => void = () => {},
): Promise<Measured[]> => {
  const ids = nodeIds(nodes)
  const centre = createCentre(seeds[0] ?? 0)
  let behaviour: Behaviour = () => alwaysGood
  const played = await START[fleet](centre, nodes, (program, node) => behaviour(program, node))
  const version = creates ? 1 : 2
  const all: Measured[] = []
  for (const seed of seeds) {
    // The name decides the order of the nodes, so it must be the seed's on every fleet.
    const key = { namespace: 'default', name: `app-${seed}` }
    behaviour = behaviourOf(population, ids, seed)
    if (!creates) await settle(centre, key, BEFORE)
    const before = played.agents && runningOn(played.agents, key)
    await rollOut(centre, key, RELEASE, rollout)
    const history = centre.historyOf(key)
    // Before anything happens that only one of the fleets is waited for.
    const told = { seed, ...outcomeOf(history, version), digest: digestFrom(history, version) }
    if (before !== undefined) await centre.runUntil(() => false, COME_TO_REST_MS)
    const measured: Measured = {
      ...told,
      ...(timeline ? { timeline: timelineOf(history, version) } : {}),
      ...(before && played.agents ? { left: leftovers(centre, key, before, runningOn(played.agents, key)) } : {}),
    }
    all.push(measured)
    onMeasured(measured)
  }
  await played.stop()
  await centre.stop()
  return all
}

const START = { light: startLightFleet, real: startRealFleet }
