/** `npm run chaos -- [--cycles N] [--seed S] ...`: kills processes of a running system and says what broke. */
import { findNatsServer } from '@dunlin/nats-server'
import { parseArgs } from 'node:util'
import { runChaos, SETTLE_WITHIN_MS } from './run.ts'

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '100' },
    seed: { type: 'string' },
    nodes: { type: 'string', default: '4' },
    instances: { type: 'string', default: '2' },
    'settle-every': { type: 'string', default: '5' },
    'settle-within': { type: 'string', default: String(SETTLE_WITHIN_MS / 1_000) },
    keep: { type: 'boolean', default: false },
    story: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const say = (line: string): void => void process.stderr.write(`${line}\n`)
const number = (
  name: 'cycles' | 'seed' | 'nodes' | 'instances' | 'settle-every' | 'settle-within',
  otherwise?: number,
): number => {
  const text = values[name]
  const value = text === undefined ? otherwise : Number(text)
  if (value !== undefined && Number.isSafeInteger(value) && value > 0) return value
  process.stderr.write(`--${name} takes a whole number above 0, not ${JSON.stringify(text)}\n`)
  process.exit(2)
}
const seed = number('seed', 1 + Math.floor(Math.random() * 999_999))
const server = await findNatsServer({ say, acceptRunning: false })
if (server.kind !== 'binary') throw new Error('chaos needs a nats-server of its own')
// Tasks outlive whoever started them: an interrupted run ends them as well.
const interrupted = new AbortController()
for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort())
const options = {
  seed,
  cycles: number('cycles'),
  nodes: number('nodes'),
  instances: number('instances'),
  settleEvery: number('settle-every'),
  settleWithinMs: number('settle-within') * 1_000,
}
say(`chaos: seed ${seed}, ${options.cycles} cycles`)
const result = await runChaos({ ...options, binary: server.path, signal: interrupted.signal, keep: values.keep, say })
if (result.findings.length > 0 || values.story) for (const line of result.story.slice(values.keep ? 0 : -80)) say(line)
if (result.findings.length > 0) {
  say(`logs, ledger and journals: ${result.dir}`)
  say(
    `again: npm run chaos -- --cycles ${options.cycles} --seed ${seed} --nodes ${options.nodes} --instances ${options.instances} --settle-every ${options.settleEvery}`,
  )
}
const { story: _, ...told } = result
process.stdout.write(`${JSON.stringify(told, undefined, values.json ? 2 : undefined)}\n`)
process.exitCode = result.findings.length > 0 || interrupted.signal.aborted ? 1 : 0
