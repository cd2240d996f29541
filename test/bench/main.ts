/**
 * `npm run bench -- [--only NAME ...] [--json FILE] [--quick] [--list]`: measures, prints a table, writes the figures.
 * Progress goes to stderr. Exit code 1 when a bench could not run; a missed goal is told, not punished: the machine
 * that runs this is rarely alone.
 */
import { findNatsServer } from '@dunlin/nats-server'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { benches } from './catalogue.ts'
import type { Figure } from './figure.ts'
import { table } from './table.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    json: { type: 'string' },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
})
const known = benches.flatMap(({ figures }) => figures)
const wanted = new Set(values.only.length === 0 ? known : values.only)
const unknown = [...wanted].filter((name) => !known.includes(name))
if (unknown.length > 0) {
  process.stderr.write(`no figure is called ${unknown.join(', ')}; there are ${known.join(', ')}\n`)
  process.exit(2)
}
const began = performance.now()
const say = (line: string): void => {
  process.stderr.write(`[${((performance.now() - began) / 1000).toFixed(0).padStart(4)} s] ${line}\n`)
}

const writeFigures = (file: string, figures: readonly Figure[]): void =>
  writeFileSync(file, `${JSON.stringify({ figures }, null, 2)}\n`)

const measure = async (): Promise<boolean> => {
  const server = await findNatsServer({ say, acceptRunning: false })
  if (server.kind !== 'binary') throw new Error('a bench needs a nats-server of its own')
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-bench-'))
  const figures: Figure[] = []
  let failed = false
  try {
    for (const bench of benches) {
      const ofBench = new Set(bench.figures.filter((name) => wanted.has(name)))
      if (ofBench.size === 0) continue
      say(`measuring ${[...ofBench].join(', ')}`)
      try {
        const measured = await bench.run({ quick: values.quick, binary: server.path, dir, say }, ofBench)
        for (const { name, value, unit } of measured) say(`${name}: ${value} ${unit}`)
        figures.push(...measured)
        // Whoever ends a long run early keeps what there is.
        if (values.json !== undefined) writeFigures(values.json, figures)
      } catch (error) {
        failed = true
        say(`${[...ofBench].join(', ')}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
      }
    }
  } finally {
    rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  if (values.quick) say('--quick: these figures show that the benches run, and nothing else')
  process.stdout.write(table(figures, process.stdout.isTTY))
  if (values.json !== undefined) writeFigures(values.json, figures)
  return !failed
}

if (values.list) process.stdout.write(`${known.join('\n')}\n`)
else process.exitCode = (await measure()) ? 0 : 1
