/** Measures one source, and notes what was asked, of which commit, and how busy the machine was. */
import { availableParallelism, loadavg } from 'node:os'
import { grouped, NODES, type FigureContext, type FigureSource, type Plot } from './figure.ts'
import type { Portion } from './results.ts'
import { seedsOf, type MeasuredCommit } from './seeds.ts'

export interface Asked {
  /** What this process has loaded. */
  readonly started: MeasuredCommit
  /** What the files are now; a child loads these. */
  readonly present: () => MeasuredCommit
  /** The options that say how much, as they were given. */
  readonly options: readonly string[]
}

const SEEDS_SHOWN = 4

const load = (): number => Number((loadavg()[0] ?? NaN).toFixed(2))

export const measurePortion = async (
  source: FigureSource,
  context: FigureContext,
  { started, present, options }: Asked,
): Promise<{ readonly portion: Portion; readonly plots: readonly Plot[] }> => {
  const counts = new Map<string, number>()
  const commit = source.inChild ? present() : started
  const before = load()
  const {
    figures,
    plots = [],
    size,
    mutants,
  } = await source.run({
    ...context,
    commit: commit.id,
    measure: async (name, one, count) => {
      counts.set(`${name} ${one.fleet}`, count)
      return context.measure(name, one, count)
    },
  })
  const after = source.inChild ? present() : started
  const cases = [...new Set([...counts.keys()].map((key) => key.split(' ')[0] ?? key))]
  const rollouts = [...counts.values()].reduce((sum, count) => sum + count, 0)
  const portion: Portion = {
    // Who commits in the middle of it has measured neither the one nor the other.
    commit: { id: commit.id, dirty: commit.dirty || after.dirty || after.id !== commit.id },
    command: ['npm run figures -- --only', source.name, ...options].join(' '),
    size: size ?? `${grouped(rollouts)} rollouts of ${grouped(NODES)} nodes`,
    load: { before, after: load(), cores: availableParallelism() },
    figures,
    plots: plots.map(({ file, alt }) => ({ file, alt })),
    seeds: Object.fromEntries(cases.map((name) => [name, seedsOf(commit.id, name, SEEDS_SHOWN)])),
    ...(mutants === undefined ? {} : { mutants }),
  }
  return { portion, plots }
}
