/** Seeds of the simulator, with all faults: how many of them break a law. */
import { figure } from '../../bench/figure.ts'
import { grouped, tooSmall, type FigureSource } from '../figure.ts'
import { seedsOf } from '../seeds.ts'

/** What `npm run sim -- --json FILE` writes. */
interface Summary {
  readonly seeds: number
  readonly commits: number
  readonly simulatedHours: number
  readonly failed: readonly { readonly seed: number; readonly broken: readonly { readonly law: string }[] }[]
}

/** The first of the seeds, one after another: low enough that all of them are numbers of 32 bits. */
const firstOf = (commit: string): number => 1 + ((seedsOf(commit, 'seeds', 1)[0] ?? 0) >>> 1)

/** The goal is stated for so many; a broken law is one at any number. */
const STATED_FOR = 20_000

const TOLD = 10

export const seedsSimulated: FigureSource = {
  name: 'seeds',
  inChild: true,
  run: async ({ seeds, commit, child }) => {
    const from = firstOf(commit)
    const args = ['--seeds', String(seeds), '--from', String(from)]
    const { seeds: done, commits, simulatedHours, failed } = (await child('test/simulation/main.ts', args)) as Summary
    if (done !== seeds) throw new Error(`${done} of ${seeds} seeds were simulated`)
    const broken = failed.slice(0, TOLD).map((one) => `${one.seed} (${one.broken[0]?.law})`)
    const detail =
      `seeds ${from} to ${from + seeds - 1}, from the commit; ${grouped(commits)} commits, ${grouped(Math.round(simulatedHours))} ` +
      `simulated hours${broken.length === 0 ? '' : `; broken: ${broken.join(', ')}${failed.length > TOLD ? ' ...' : ''}`}`
    const unit = `of ${grouped(seeds)} seeds break an invariant`
    const measured = figure('seeds', failed.length, unit, { atMost: 0 }, detail)
    const one = seeds < STATED_FOR && failed.length === 0 ? tooSmall(measured) : measured
    return { figures: [one], size: `${grouped(seeds)} seeds` }
  },
}
