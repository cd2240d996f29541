/** Every bench runs, at tiny sizes. No figure is asserted: this machine is shared, and speed is told, not tested. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'
import { benches } from '../bench/catalogue.ts'

const main = fileURLToPath(new URL('../bench/main.ts', import.meta.url))

const formOf = (name: string) => ({
  name,
  value: expect.any(Number) as number,
  unit: expect.any(String) as string,
  detail: expect.stringMatching(/\d/) as string,
})

it('every bench runs and publishes its figures', { timeout: 300_000 }, async () => {
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-bench-test-'))
  try {
    const file = join(dir, 'figures.json')
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--conditions=dunlin-source',
      main,
      '--quick',
      '--json',
      file,
    ])
    const { figures } = JSON.parse(readFileSync(file, 'utf8')) as {
      readonly figures: readonly Record<string, unknown>[]
    }
    const names = benches.flatMap((bench) => bench.figures)
    expect(figures).toEqual(names.map((name) => expect.objectContaining(formOf(name))))
    for (const name of names) expect(stdout).toContain(name)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
})
