// `npm test`: everything that CI runs, in one go, to the end. The last line of stdout is the sum of what ran.
import { findNatsServer } from '@dunlin/nats-server'
import { join } from 'node:path'
import { add, none, summary, type Counts } from './counts.ts'
import { tellFailures } from './failures.ts'
import { runStep } from './run-step.ts'
import { select } from './selection.ts'

const root = join(import.meta.dirname, '..', '..', '..')

async function main(args: readonly string[]): Promise<number> {
  const selection = select(args)
  const stopping = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopping.abort())

  const env = { ...process.env }
  let total: Counts = none
  let executed = 0
  const failures: string[] = []
  if (selection.steps.some((step) => step.kind === 'project')) total = await provideServer(env)
  for (const step of selection.steps) {
    if (stopping.signal.aborted) break
    say(`\n== ${step.name}`)
    const begin = performance.now()
    const verdict = await runStep(step, {
      root,
      env,
      vitestArgs: selection.vitestArgs,
      signal: stopping.signal,
    })
    if (stopping.signal.aborted) break
    const { counts, complaint } = verdict
    if (complaint !== undefined) say(`${step.name}: ${complaint}`)
    if (counts.failed > 0) failures.push(...tellFailures(step.name, root, verdict))
    say(`== ${step.name}: ${summary(counts)} in ${((performance.now() - begin) / 1000).toFixed(1)} s`)
    total = add(total, counts)
    executed += counts.passed + counts.failed
  }
  if (stopping.signal.aborted) {
    say('\nstopped before the end')
    total = add(total, { ...none, failed: 1 })
  } else if (executed === 0) {
    say('\nnothing ran: no test fits what was asked for')
    total = add(total, { ...none, failed: 1 })
  }
  if (failures.length > 0) say(`\n== failed\n${failures.join('\n')}`)
  say(`\n${summary(total)}`)
  return total.failed === 0 ? 0 : 1
}

/** The server for all tests is found (or fetched) once, here; the tests themselves fetch nothing. */
async function provideServer(env: Record<string, string | undefined>): Promise<Counts> {
  try {
    const found = await findNatsServer({ env, acceptRunning: false, say: tell })
    if (found.kind === 'binary') env['DUNLIN_NATS_SERVER'] = found.path
    return none
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
    return { ...none, failed: 1 }
  }
}

function tell(line: string): void {
  process.stderr.write(`dunlin: ${line}\n`)
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  tell(error instanceof Error ? error.message : String(error))
  process.exitCode = 2
}
