/**
 * `heartbeats_100k`: the share of one core that heartbeats of 100,000 nodes every 10 s cost the centre, scheduler and
 * rollout engine together, all nodes validating. `heartbeats_100k_wave`: a tenth of them validating, as in a wave.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { figure, type Figure } from '../figure.ts'
import { validatedForLong } from '../load/fleet-job.ts'
import { passTime, type Passed } from '../played/time.ts'
import { startInMemory } from '../stage/in-memory.ts'

const WARM_S = 20
const GOAL = { below: 10 } as const

/** What one service does with them, on a fleet of its own: each would have a process of its own. */
const measured = async (
  context: BenchContext,
  nodes: number,
  validatingShare: number,
  who: 'engine' | 'scheduler',
): Promise<Passed> => {
  const seconds = context.quick ? 2 : 30
  const every = Math.round(1 / validatingShare)
  const world = await startInMemory(nodes, {
    scheduler: true,
    labels: (index) => (index % every === 0 ? { group: 'wave' } : {}),
  })
  const forSeconds = (many: number): Promise<Passed> => passTime(world, { until: (_, passed) => passed >= many })
  try {
    await forSeconds(WARM_S)
    await world.through(world.person.apply(validatedForLong(1, validatingShare < 1 ? 'wave' : undefined)))
    await forSeconds(WARM_S)
    const validating = world.fleet.nodes.filter(({ executions }) => executions.size > 0).length
    if (validating !== Math.ceil(nodes / every)) throw new Error(`${validating} nodes validate`)
    await world.leave(who)
    return await forSeconds(seconds)
  } finally {
    await world.stop()
  }
}

/** Percent of a core at the real rate: the simulated seconds are those in which these heartbeats would come in. */
const percent = (us: number, { seconds }: Passed): number => us / seconds / 10_000

const tell = (nodes: number, who: string, engine: Passed, scheduler: Passed): string =>
  `${nodes} nodes, ${who}: engine ${percent(engine.cpuUs, engine).toFixed(1)} % (${perBeat(engine.cpuUs, engine)} us a ` +
  `heartbeat of ${(engine.bytes / engine.beats).toFixed(0)} bytes), scheduler ` +
  `${percent(scheduler.cpuUs, scheduler).toFixed(1)} % (${perBeat(scheduler.cpuUs, scheduler)} us); bare JSON.parse of ` +
  `the same ${percent(engine.parseUs, engine).toFixed(1)} % (${perBeat(engine.parseUs, engine)} us); what ticks do ` +
  `each second included, without server and sockets; ${engine.seconds} s each`

const perBeat = (us: number, { beats }: Passed): string => (us / beats).toFixed(1)

const run = async (context: BenchContext, wanted: ReadonlySet<string>): Promise<readonly Figure[]> => {
  const nodes = context.quick ? 200 : 100_000
  const figures: Figure[] = []
  for (const [name, share, who] of [
    ['heartbeats_100k', 1, 'all validating'],
    ['heartbeats_100k_wave', 0.1, 'a tenth validating'],
  ] as const) {
    if (!wanted.has(name)) continue
    const engine = await measured(context, nodes, share, 'engine')
    const scheduler = await measured(context, nodes, share, 'scheduler')
    const both = percent(engine.cpuUs, engine) + percent(scheduler.cpuUs, scheduler)
    figures.push(figure(name, both, '% of a core', GOAL, tell(nodes, who, engine, scheduler)))
  }
  return figures
}

export const heartbeatsJudged: Bench = { figures: ['heartbeats_100k', 'heartbeats_100k_wave'], run }
