/**
 * `npm run figures -- [--only NAME[,NAME] ...] [--rollouts N] [--seeds N] [--json FILE] [--into FOLDER] [--quick] [--list]`:
 * measures, prints a table, and publishes each figure as soon as it is measured: its rows, its plots, the page. Progress goes
 * to stderr. Exit code 1 when a figure could not be measured; a missed goal is told, not punished.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { pathToFileURL } from 'node:url'
import { table } from '../bench/table.ts'
import { sources } from './catalogue.ts'
import { createContext } from './context.ts'
import { measurePortion } from './portion.ts'
import { publish } from './publish.ts'
import type { Portion } from './results.ts'
import { measuredCommit } from './seeds.ts'
import { runChild } from './work/child.ts'
import { createPool } from './work/pool.ts'
import { huntUnchanged } from './work/unchanged.ts'

const ROLLOUTS = { whole: 4000, quick: 40 }
const SEEDS = { whole: 20_000, quick: 10 }

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    rollouts: { type: 'string' },
    seeds: { type: 'string' },
    json: { type: 'string' },
    into: { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const refuse = (why: string): never => {
  process.stderr.write(`${why}\n`)
  process.exit(2)
}
const known = sources.map(({ name }) => name)
const only = values.only.flatMap((names) => names.split(','))
const unknown = only.filter((name) => !known.includes(name))
if (unknown.length > 0) refuse(`no figure is called ${unknown.join(', ')}; there are ${known.join(', ')}`)
const chosen = sources.filter(({ name }) => only.length === 0 || only.includes(name))

const countOf = (name: 'rollouts' | 'seeds', usual: typeof SEEDS): number => {
  const count = Number(values[name] ?? (values.quick ? usual.quick : usual.whole))
  if (Number.isSafeInteger(count) && count > 0) return count
  return refuse(`--${name} takes a whole number above 0, not ${JSON.stringify(values[name])}`)
}
const rollouts = countOf('rollouts', ROLLOUTS)
const seeds = countOf('seeds', SEEDS)

const root = new URL('../../', import.meta.url)
// Figures of a quick run mean nothing: they go nowhere unless somebody says where.
const into =
  values.into === undefined ? (values.quick ? undefined : new URL('docs/', root)) : pathToFileURL(`${values.into}/`)

const began = performance.now()
const say = (line: string): void => {
  process.stderr.write(`[${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s] ${line}\n`)
}

/** The options that make a figure another one, to be told beside it. */
const optionsOf = (name: string): readonly string[] => [
  ...(values.quick ? ['--quick'] : []),
  ...(values.rollouts === undefined || sources.find((one) => one.name === name)?.inChild
    ? []
    : ['--rollouts', values.rollouts]),
  ...(values.seeds === undefined || name !== 'seeds' ? [] : ['--seeds', values.seeds]),
]

const measure = async (): Promise<boolean> => {
  const started = measuredCommit(root)
  say(`commit ${started.id}${started.dirty ? ', with changes that are not committed' : ''}: seeds derive from it`)
  // Before anything else, so that its threads load the files of that commit.
  const pool = createPool(chosen.every(({ inChild }) => inChild) ? 0 : undefined)
  const context = createContext({
    commit: started.id,
    rollouts,
    seeds,
    quick: values.quick,
    pool,
    child: runChild,
    unchanged: huntUnchanged,
    say,
  })
  const portions: Portion[] = []
  const writeJson = (file: string): void => {
    const figures = portions.flatMap(({ figures: its, commit, command, size, load, mutants }) =>
      its.map((one) => ({ ...one, commit, command, size, load, ...(mutants === undefined ? {} : { mutants }) })),
    )
    const firstSeeds = Object.assign({}, ...portions.map((one) => one.seeds)) as Portion['seeds']
    writeFileSync(file, `${JSON.stringify({ commit: started, rollouts, seeds: firstSeeds, figures }, null, 2)}\n`)
  }
  let failed = false
  for (const source of chosen) {
    try {
      say(`measuring ${source.name}`)
      const asked = { started, present: () => measuredCommit(root), options: optionsOf(source.name) }
      const { portion, plots } = await measurePortion(source, context, asked)
      for (const { name, value, unit, exact } of portion.figures)
        say(`${name}: ${value} ${unit}${exact === undefined ? '' : `; exact: ${exact}`}`)
      portions.push(portion)
      // Whoever ends a long run early keeps what there is.
      if (values.json !== undefined) writeJson(values.json)
      if (into !== undefined) publish(into, source.name, portion, plots, known)
    } catch (error) {
      failed = true
      say(`${source.name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    }
  }
  await pool.stop()
  const figures = portions.flatMap((one) => one.figures)
  process.stdout.write(table(figures, process.stdout.isTTY))
  if (into !== undefined && portions.length > 0) say('the page is drawn again from all that is published')
  return !failed
}

if (values.list) process.stdout.write(`${known.join('\n')}\n`)
else process.exitCode = (await measure()) ? 0 : 1
