/**
 * The same tasks that Nomad 2.0.6-dev was measured with on a like machine, with simulated clients as here: register a
 * system job until all run, replace all, replace in ten waves. Ours must be ten times faster.
 */
import type { Bench, BenchContext } from '../bench.ts'
import { figure, type Figure } from '../figure.ts'
import { immediately, inTenWaves } from '../load/fleet-job.ts'
import { deploy } from '../measure/deploy.ts'
import { median, tellValues } from '../measure/rounds.ts'
import { withSystem, type BenchSystem } from '../stage/system.ts'

/** Seconds. `waves` counts until the rollout is closed: the last wave is judged too. */
const nomadSeconds = {
  nomad_1000_immediate: 6.2,
  nomad_1000_update: 11.5,
  nomad_1000_waves: 27,
  nomad_5000_immediate: 274,
} as const
type Name = keyof typeof nomadSeconds
const TIMES_FASTER = 10

const inWaves = async (system: BenchSystem, version: number): Promise<number> => {
  const { startedMs } = await system.centre.ask({ do: 'apply', body: inTenWaves(version) }, 'applied')
  for (;;) {
    const { atMs, outcome, healthy } = await system.centre.hear('rollout_closed')
    if (outcome === 'superseded') continue
    if (outcome !== 'completed' || healthy !== system.nodes) throw new Error(`${outcome}, ${healthy} healthy`)
    return atMs - startedMs
  }
}

/** The tasks of 1,000 nodes one after another on one fleet; an immediate update lets the first rollout close first. */
const oneRound = (context: BenchContext, nodes: number, wanted: ReadonlySet<string>) =>
  withSystem(context, nodes, async (system) => {
    const times: Partial<Record<Name, number>> = {}
    times.nomad_1000_immediate = (await deploy(system, immediately(1))).runningMs
    times.nomad_1000_update = (await deploy(system, immediately(2))).runningMs
    if (wanted.has('nomad_1000_waves')) times.nomad_1000_waves = await inWaves(system, 3)
    return times
  })

const figureOf = (name: Name, times: readonly number[]): Figure => {
  const seconds = median(times) / 1000
  const theirs = nomadSeconds[name]
  const detail = `Nomad ${theirs} s, so ${(theirs / seconds).toFixed(0)} times faster; ${tellValues(times, 'ms')}`
  return figure(name, seconds, 's', { atMost: theirs / TIMES_FASTER }, detail)
}

const run = async (context: BenchContext, wanted: ReadonlySet<string>): Promise<readonly Figure[]> => {
  const names = Object.keys(nomadSeconds).filter((name): name is Name => wanted.has(name))
  const times = new Map<Name, number[]>(names.map((name) => [name, []]))
  for (let round = 0; round < (context.quick ? 1 : 3); round++) {
    const ofRound: Partial<Record<Name, number>> = {}
    if (names.some((name) => name !== 'nomad_5000_immediate'))
      Object.assign(ofRound, await oneRound(context, context.quick ? 20 : 1_000, wanted))
    if (wanted.has('nomad_5000_immediate'))
      ofRound.nomad_5000_immediate = await withSystem(
        context,
        context.quick ? 30 : 5_000,
        async (system) => (await deploy(system, immediately(1))).runningMs,
      )
    for (const name of names) {
      const ms = ofRound[name]
      if (ms !== undefined) times.get(name)?.push(ms)
    }
    context.say(names.map((name) => `${name} ${ofRound[name]?.toFixed(0)} ms`).join(', '))
  }
  return names.map((name) => figureOf(name, times.get(name) ?? []))
}

export const nomad: Bench = { figures: Object.keys(nomadSeconds), run }
