/** `npm run sim -- [--seeds N] [--from N] [--seed N] [--actions N] [--nodes N]`: runs seeds, prints the story of a failing one. */
import { parseArgs } from 'node:util'
import { simulate } from './simulate.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    actions: { type: 'string', default: '40' },
    nodes: { type: 'string', default: '12' },
  },
})
const number = (name: keyof typeof values): number => {
  const value = Number(values[name])
  if (Number.isSafeInteger(value) && value > 0) return value
  process.stderr.write(`--${name} takes a whole number above 0, not ${JSON.stringify(values[name])}\n`)
  process.exit(2)
}
const from = values.seed === undefined ? number('from') : number('seed')
const count = values.seed === undefined ? number('seeds') : 1
const began = performance.now()
let [commits, simulatedMs, failed] = [0, 0, 0]
for (let seed = from; seed < from + count; seed += 1) {
  const result = await simulate({ seed, actions: number('actions'), nodes: number('nodes') })
  commits += result.commits
  simulatedMs += result.simulatedMs
  if (result.broken.length === 0) continue
  failed += 1
  process.stdout.write(`\nseed ${seed} breaks ${result.broken.length} laws\n`)
  for (const { law, detail } of result.broken.slice(0, 10)) process.stdout.write(`  ${law}: ${detail}\n`)
  process.stdout.write(`\nits story:\n${result.story.join('\n')}\n\nagain: npm run sim -- --seed ${seed}\n`)
}
const hours = simulatedMs / 3_600_000
process.stdout.write(
  `${count} seeds, ${failed} with broken laws; ${commits} commits, ${hours.toFixed(1)} simulated hours in ${((performance.now() - began) / 1000).toFixed(1)} s\n`,
)
process.exitCode = failed === 0 ? 0 : 1
