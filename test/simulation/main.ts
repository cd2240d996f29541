/**
 * `npm run sim -- [--seeds N] [--from N] [--threads N] [--json FILE]` runs seeds and says what broke;
 * `npm run sim -- --seed N [--shrink] [--story]` runs one, and tells its story; `--scenario FILE` replays a printed one.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { laws } from './laws/names.ts'
import { runSeeds } from './run/pool.ts'
import { shrink } from './run/shrink.ts'
import { simulate, type SimulationResult } from './run/simulate.ts'
import { drawScenario } from './scenario/draw.ts'
import type { Scenario } from './scenario/types.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    from: { type: 'string', default: '1' },
    threads: { type: 'string' },
    seed: { type: 'string' },
    scenario: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    json: { type: 'string' },
  },
})

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const number = (name: 'seeds' | 'from' | 'threads' | 'seed'): number => {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value > 0) return value
  process.stderr.write(`--${name} takes a whole number above 0, not ${JSON.stringify(values[name])}\n`)
  process.exit(2)
}

const tell = ({ broken, story }: SimulationResult): void => {
  for (const line of story) say(line)
  for (const { law, detail } of broken.slice(0, 20)) say(`BROKEN ${law} (${laws[law]}): ${detail}`)
}

const runOne = async (scenario: Scenario): Promise<void> => {
  const result = await simulate(scenario, { tell: values.story })
  const [first] = result.broken
  if (first === undefined || !values.shrink) {
    tell(result)
    say(first === undefined ? `all laws hold (${result.commits} commits)` : `scenario: ${JSON.stringify(scenario)}`)
  } else {
    const small = await shrink(scenario, first.law)
    tell(await simulate(small.scenario))
    say(
      `shrunk in ${small.runs} runs from ${scenario.actions.length} to ${small.scenario.actions.length} actions, from ${scenario.nodes} to ${small.scenario.nodes} nodes`,
    )
    say(`scenario: ${JSON.stringify(small.scenario)}`)
  }
  process.exitCode = first === undefined ? 0 : 1
}

const runMany = async (): Promise<void> => {
  const [from, count] = [number('from'), number('seeds')]
  const began = performance.now()
  const results = await runSeeds({
    from,
    count,
    ...(values.threads === undefined ? {} : { threads: number('threads') }),
    onResult: ({ seed, broken }) => {
      const [first] = broken
      if (first !== undefined) say(`seed ${seed} breaks ${first.law}: ${first.detail}`)
    },
  })
  const seconds = (performance.now() - began) / 1000
  const failed = results.filter(({ broken }) => broken.length > 0)
  const commits = results.reduce((sum, one) => sum + one.commits, 0)
  const hours = results.reduce((sum, one) => sum + one.simulatedMs, 0) / 3_600_000
  say(
    `${results.length} seeds, ${failed.length} with broken laws; ${commits} commits, ${hours.toFixed(0)} simulated hours in ${seconds.toFixed(1)} s (${(results.length / seconds).toFixed(1)} seeds/s)`,
  )
  const [worst] = failed
  if (worst !== undefined) say(`again: npm run sim -- --seed ${worst.seed} --shrink`)
  if (values.json !== undefined) {
    const summary = { seeds: results.length, from, commits, simulatedHours: hours, seconds, failed }
    writeFileSync(values.json, `${JSON.stringify(summary, undefined, 2)}\n`)
  }
  process.exitCode = failed.length === 0 ? 0 : 1
}

if (values.scenario !== undefined) await runOne(JSON.parse(readFileSync(values.scenario, 'utf8')) as Scenario)
else if (values.seed !== undefined) await runOne(drawScenario(number('seed')))
else await runMany()
