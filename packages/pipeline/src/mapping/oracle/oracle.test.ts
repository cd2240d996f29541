// What mappings do, against outcomes observed on the reference engine. The pairs here are a selection; where the whole
// collection lies beside the repository, every pair whose features are all supported is run as well.
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { compileMapping, executeMapping } from '../compile/mapping.ts'
import { messageBytes, messageOf, messageText } from '../message.ts'

// The outcomes were observed with this zone.
process.env['TZ'] = 'UTC'

const outcome = z.enum(['value', 'deleted', 'nothing/unchanged', 'error', 'parse_error'])
const result = { outcome, output: z.string().optional(), output_base64: z.string().optional() }
const pairSchema = z.object({
  id: z.string(),
  mapping: z.string(),
  input: z.string(),
  ...result,
  /** Where the processor of a pipeline differs from the command line tool: we are the processor. */
  processor: z.object(result).optional(),
})
type Pair = z.infer<typeof pairSchema>

interface Observed {
  outcome: string
  output?: string | undefined
  base64?: string | undefined
}

const ports = {
  now: () => 1_790_000_000_123.456,
  random: () => 0.5,
  uuid: () => crypto.randomUUID(),
  env: () => undefined,
}

function load(url: URL): Pair[] {
  const lines = readFileSync(url, 'utf8').trimEnd().split('\n')
  return lines.map((line) => pairSchema.parse(JSON.parse(line)))
}

/** Undefined when the mapping uses something this engine does not have. */
function observe(pair: Pair): Observed | undefined {
  const compiled = compileMapping(pair.mapping)
  if (!compiled.ok) return compiled.error.unsupported ? undefined : { outcome: 'parse_error' }
  const run = executeMapping(compiled.mapping, messageOf(pair.input), ports)
  if (run.kind === 'failed') return { outcome: 'error' }
  if (run.kind === 'deleted') return { outcome: 'deleted' }
  if (!run.changed) return { outcome: 'nothing/unchanged' }
  const base64 = Buffer.from(messageBytes(run.message)).toString('base64')
  return { outcome: 'value', output: messageText(run.message), base64 }
}

function expected(pair: Pair): Observed {
  const { outcome: kind, output, output_base64: base64 } = pair.processor ?? pair
  return kind === 'value' ? { outcome: kind, output, base64 } : { outcome: kind }
}

function agrees(want: Observed, got: Observed): boolean {
  if (want.outcome !== got.outcome || want.outcome !== 'value') return want.outcome === got.outcome
  if (want.base64 !== undefined) return want.base64 === got.base64
  return want.output === got.output || nearlyEqual(want.output ?? '', got.output ?? '')
}

/** Logarithms and angles may differ in the last digit of a float between mathematical libraries, and in nothing else. */
function nearlyEqual(want: string, got: string): boolean {
  const float = /-?\d+\.\d{12,}/g
  if (want.replace(float, '#') !== got.replace(float, '#')) return false
  const [a, b] = [want.match(float) ?? [], got.match(float) ?? []]
  return a.every((text, i) => Math.abs(Number(text) - Number(b[i])) <= Math.abs(Number(text)) * 4e-16)
}

function disagreements(pairs: readonly Pair[]): string[] {
  return pairs.flatMap((pair) => {
    const got = observe(pair)
    if (got === undefined || agrees(expected(pair), got)) return []
    return [`${pair.id} ${JSON.stringify(pair.mapping)}: ${JSON.stringify(expected(pair))} but ${JSON.stringify(got)}`]
  })
}

describe('mappings agree with the reference engine', () => {
  const selected = load(new URL('pairs.jsonl', import.meta.url))

  test('the selection is a real one', () => {
    expect(selected.length).toBeGreaterThan(300)
    expect(new Set(selected.map((pair) => pair.outcome)).size).toBe(5)
  })

  test.each(selected.map((pair) => [pair.id, pair] as const))('%s', (_, pair) => {
    expect(observe(pair)).toBeDefined()
    expect(disagreements([pair])).toEqual([])
  })

  const whole = new URL('../../../../../../shared/oracle/pairs.jsonl', import.meta.url)
  test.skipIf(!existsSync(whole))('all pairs of the whole collection that are supported', () => {
    const all = load(whole)
    const supported = all.filter((pair) => observe(pair) !== undefined)
    process.stderr.write(`oracle: ${supported.length} of ${all.length} pairs are supported\n`)
    expect(disagreements(supported)).toEqual([])
    // A guard against support getting lost: the count may only grow.
    expect(supported.length).toBeGreaterThanOrEqual(2715)
  })
})
