/**
 * `npm run mutants -- [--only TEXT] [--seeds N] [--json FILE]`: puts every bug of the catalogue in, one at a time, and says
 * which story or seed killed it. Ends with 1 when one survives.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { mutants } from './catalogue.ts'
import { hunt } from './hunt.ts'

const { values } = parseArgs({
  options: { only: { type: 'string' }, seeds: { type: 'string', default: '300' }, json: { type: 'string' } },
})
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const chosen = mutants.filter(
  ({ name, tracker }) => values.only === undefined || `${tracker} ${name}`.includes(values.only),
)
const seeds = Number(values.seeds)
if (!Number.isSafeInteger(seeds) || seeds < 0 || chosen.length === 0) {
  say('--seeds takes a whole number, and --only a text that a mutant has')
  process.exit(2)
}
const hunted = await hunt(chosen, seeds, ({ mutant, killedBy, detail, seconds }) => {
  const fate = killedBy === undefined ? 'SURVIVED' : `killed by ${killedBy}`
  say(
    `${fate.padEnd(40)} ${mutant.tracker}: ${mutant.name} (${seconds.toFixed(1)} s)${detail === undefined ? '' : `\n    ${detail}`}`,
  )
})
const survivors = hunted.filter(({ killedBy }) => killedBy === undefined)
say(`${hunted.length} mutants, ${survivors.length} survived`)
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(hunted, undefined, 2)}\n`)
process.exitCode = survivors.length === 0 ? 0 : 1
