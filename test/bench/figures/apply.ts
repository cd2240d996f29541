/**
 * `apply_1k`, `apply_10k`, `apply_100k`: from the request to every node's report in the log, against plain publishing of
 * as many messages of the same sizes.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { figure, type Figure } from '../figure.ts'
import { asMany } from '../load/as-many.ts'
import { immediately } from '../load/fleet-job.ts'
import { publishByHand } from '../load/hand-written.ts'
import { IN_FLIGHT } from '../load/handled.ts'
import { publishPlainly } from '../load/plain.ts'
import { deploy, type Deployed } from '../measure/deploy.ts'
import { median, summarize, tellPairs } from '../measure/rounds.ts'
import { withBareClient } from '../stage/bare.ts'
import { withSystem } from '../stage/system.ts'

const sizes = [
  { name: 'apply_1k', nodes: 1_000, rounds: 7, quick: 20 },
  { name: 'apply_10k', nodes: 10_000, rounds: 5, quick: 60 },
  { name: 'apply_100k', nodes: 100_000, rounds: 2, quick: 200 },
] as const

interface Round {
  readonly deployed: Deployed
  readonly plainMs: number
  readonly byHandMs: number
}

/** A fresh system each time: what is measured is the first job on a connected fleet. */
const oneRound = (context: BenchContext, nodes: number): Promise<Round> =>
  withSystem(context, nodes, async (system) => {
    const deployed = await deploy(system, immediately(1))
    await system.retire()
    return withBareClient(system.url, async (nc, js) => {
      // Neither contestant is measured cold: the processes of the deployment have just connected all nodes.
      await publishPlainly(js, { ...asMany(deployed, 0), inFlight: IN_FLIGHT })
      const plainMs = await publishPlainly(js, { ...asMany(deployed, 1), inFlight: IN_FLIGHT })
      const byHandMs = await publishByHand(nc, { ...asMany(deployed, 2), inFlight: IN_FLIGHT, checked: null })
      return { deployed, plainMs, byHandMs }
    })
  })

const measured = async (context: BenchContext, size: (typeof sizes)[number]): Promise<readonly Round[]> => {
  const rounds: Round[] = []
  for (let round = 0; round < (context.quick ? 1 : size.rounds); round++) {
    rounds.push(await oneRound(context, context.quick ? size.quick : size.nodes))
    const { deployed, plainMs } = rounds.at(-1) as Round
    context.say(`${size.name}: ${deployed.runningMs.toFixed(0)} ms, plain ${plainMs.toFixed(0)} ms`)
  }
  return rounds
}

const applyFigure = (name: string, rounds: readonly Round[]): Figure => {
  const times = rounds.map(({ deployed }) => deployed.runningMs)
  const pairs = summarize(
    times,
    rounds.map(({ plainMs }) => plainMs),
  )
  const byHand = median(rounds.map(({ deployed, byHandMs }) => deployed.runningMs / byHandMs))
  const cpu = (of: 'centre' | 'agents'): string => median(rounds.map((r) => r.deployed.cpuMs[of] / 1000)).toFixed(2)
  const rss = median(rounds.map(({ deployed }) => deployed.rssMb)).toFixed(0)
  const messages = median(rounds.map(({ deployed }) => deployed.stored))
  const detail =
    `${tellPairs(pairs, 'ms')}; ${messages} messages; ${byHand.toFixed(2)} of hand-written publishing; ` +
    `CPU ${cpu('centre')} s centre, ${cpu('agents')} s agents; ${rss} MB centre`
  return figure(name, pairs.ratio, 'of plain publishing', { atMost: 1.5 }, detail)
}

const run = async (context: BenchContext, wanted: ReadonlySet<string>): Promise<readonly Figure[]> => {
  const figures: Figure[] = []
  for (const size of sizes) {
    if (wanted.has(size.name)) figures.push(applyFigure(size.name, await measured(context, size)))
  }
  return figures
}

export const apply: Bench = { figures: sizes.map(({ name }) => name), run }
