/**
 * `npm run figures -- [--only NAME ...] [--rollouts N] [--json FILE] [--quick] [--list]`: measures, prints a table, and after
 * a whole run writes docs/figures.md with its plots. Progress goes to stderr. Exit code 1 when a figure could not be measured;
 * a missed goal is told, not punished.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { table } from '../bench/table.ts'
import { sources } from './catalogue.ts'
import { createContext } from './context.ts'
import type { Plot, RolloutFigure } from './figure.ts'
import { renderPage } from './page.ts'
import { measuredCommit, seedsOf } from './seeds.ts'
import { createPool } from './work/pool.ts'

const ROLLOUTS = 4000
const QUICK = 40

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rollouts: { type: 'string' },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const refuse = (why: string): never => {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}
const known = sources.flatMap(({ figures }) => figures)
const unknown = values.only.filter((name) => !known.includes(name))
if (unknown.length > 0) refuse(`no figure is called ${unknown.join(', ')}; there are ${known.join(', ')}`)
const rollouts = Number(values.rollouts ?? (values.quick ? QUICK : ROLLOUTS))
if (!Number.isSafeInteger(rollouts) || rollouts < 1)
  refuse(`--rollouts takes a whole number above 0, not ${JSON.stringify(values.rollouts)}`)

const began = performance.now()
const say = (line: string): void => {
  process.stderr.write(`[${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s] ${line}\n`)
}

const root = new URL('../../', import.meta.url)
const SEEDS_SHOWN = 4

const measure = async (): Promise<boolean> => {
  const commit = measuredCommit(root)
  say(
    `commit ${commit.id}${commit.dirty ? ', with changes that are not committed' : ''}: its seeds, ${rollouts} rollouts`,
  )
  const pool = createPool()
  const measured = new Set<string>()
  const context = createContext({ commit: commit.id, rollouts, pool, say })
  const remembering = {
    ...context,
    measure: (...[name, ...rest]: Parameters<typeof context.measure>) => {
      measured.add(name)
      return context.measure(name, ...rest)
    },
  }
  const figures: RolloutFigure[] = []
  const seedsUsed = () => [...measured].map((name) => [name, seedsOf(commit.id, name, SEEDS_SHOWN)] as const)
  const writeJson = (file: string): void => {
    const told = { commit, rollouts, seeds: Object.fromEntries(seedsUsed()), figures }
    writeFileSync(file, `${JSON.stringify(told, null, 2)}\n`)
  }
  const plots: Plot[] = []
  let failed = false
  for (const source of sources) {
    if (values.only.length > 0 && !source.figures.some((name) => values.only.includes(name))) continue
    try {
      const told = await source.run(remembering)
      for (const { name, value, unit, exact } of told.figures) say(`${name}: ${value} ${unit}; exact: ${exact}`)
      figures.push(...told.figures)
      plots.push(...(told.plots ?? []))
      // Whoever ends a long run early keeps what there is.
      if (values.json !== undefined) writeJson(values.json)
    } catch (error) {
      failed = true
      say(`${source.figures.join(', ')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }
  await pool.stop()
  process.stdout.write(table(figures, process.stdout.isTTY))
  // Half a page would look like a whole one.
  if (!failed && values.only.length === 0 && !values.quick) {
    const command = `npm run figures${rollouts === ROLLOUTS ? '' : ` -- --rollouts ${rollouts}`}`
    mkdirSync(new URL('docs/figures/', root), { recursive: true })
    for (const { file, svg } of plots) writeFileSync(new URL(`docs/figures/${file}`, root), svg)
    writeFileSync(
      new URL('docs/figures.md', root),
      renderPage({ commit, command, rollouts, seeds: seedsUsed(), figures, plots }),
    )
    say('docs/figures.md is written')
  }
  return !failed
}

if (values.list) process.stdout.write(`${known.join('\n')}\n`)
else process.exitCode = (await measure()) ? 0 : 1
