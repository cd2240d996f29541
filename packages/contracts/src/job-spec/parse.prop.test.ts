import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { stringify } from 'yaml'
import { canonicalJson } from '../canonical-json.ts'
import { rolloutPolicySchema } from '../events/rollout.ts'
import { parseYamlOrJson } from '../source/read.ts'
import { contentOf } from './content.ts'
import { parseJobSpec, validateJobSpec } from './parse.ts'
import { resolveRolloutPolicy } from './rollout-policy.ts'
import { writeJobSpec } from './write.ts'

const word = fc.stringMatching(/^[a-zA-Z][a-zA-Z0-9._-]{0,12}$/)
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })
const duration = (minMs: number, maxMs: number) =>
  fc.oneof(
    fc.integer({ min: minMs, max: maxMs }).map((ms) => `${ms}ms`),
    fc.integer({ min: minMs, max: maxMs }).map((ms) => ms * 1_000_000),
  )
const labels = fc.dictionary(word, fc.oneof(word, fc.boolean(), fc.integer({ min: -1000, max: 1000 })))

const healthCheck = fc.record(
  {
    interval: duration(200, 60_000),
    max_error_rate: fc.double({ min: 0, max: 1, noNaN: true }),
    success_threshold: fc.integer({ min: 1, max: 5 }),
    failure_threshold: fc.integer({ min: 1, max: 5 }),
    // Longer than 5 windows of a minute: never a contradiction.
    deadline: duration(300_000, 3_600_000),
  },
  { requiredKeys: [] },
)
const rollout = fc.record(
  {
    strategy: fc.constant('canary'),
    canary_count: fc.integer({ min: 0, max: 9 }),
    auto_promote: fc.boolean(),
    max_parallel: fc.double({ min: 0, max: 100, noNaN: true }),
    max_failed_nodes: fc.nat(100),
    max_failed_nodes_percent: fc.double({ min: 0, max: 100, noNaN: true }),
    no_auto_rollback: fc.boolean(),
    expiry: duration(1000, 1e9),
    health_check: healthCheck,
  },
  { requiredKeys: ['strategy'] },
)
const deployment = fc.record(
  {
    strategy: fc.constant('canary'),
    canary_count: fc.integer({ min: 0, max: 9 }),
    max_parallel: fc.nat(1000),
    health_check: fc.record(
      { min_healthy_time: duration(200, 120_000), deadline: duration(300_000, 3_600_000) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ['strategy'] },
)

/** Valid specs as people might send them; everything that can be left out sometimes is. */
const sent = fc
  .record(
    {
      name: word,
      namespace: word,
      type: fc.constant('pipeline'),
      description: fc.string({ unit: 'grapheme', maxLength: 30 }),
      labels,
      meta: labels,
      priority: fc.integer({ min: 1, max: 100 }),
      config: fc.dictionary(
        word,
        fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer({ min: -9, max: 9 }), fc.boolean()),
      ),
      selector: fc.record(
        {
          match_labels: labels,
          match_expressions: fc.array(
            fc.oneof(
              word,
              word.map((key) => `${key} in (a, b)`),
              word.map((key) => `!${key}`),
            ),
          ),
          match_ids: fc.array(fc.stringMatching(/^[a-z0-9_-]{1,12}$/)),
        },
        { requiredKeys: [] },
      ),
      restart_policy: fc.constantFrom('on-failure', 'always', 'never'),
      timeouts: fc.record(
        { execution_timeout: fc.nat(100_000), queue_timeout: duration(0, 1e9).filter((d) => typeof d === 'string') },
        { requiredKeys: [] },
      ),
      resources: fc.record({ memory: fc.constantFrom('1GiB', '512M', 4096), cpus: fc.constantFrom(0.5, 4) }),
      generation: optional(
        fc.oneof(
          rollout.map((block) => ({ rollout: block })),
          deployment.map((block) => ({ deployment: block })),
        ),
      ),
    },
    { requiredKeys: ['name', 'type', 'config', 'generation'] },
  )
  .map(({ generation, ...spec }) => ({ ...spec, ...generation }))

const parsed = (value: unknown) => {
  const result = validateJobSpec(value)
  if (!result.ok) throw result.error
  return result
}

/** The same value with every object's keys the other way round. */
const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, item]) => [key, reversed(item)]),
  )
}

describe('parsing a spec', () => {
  test.prop([sent])('what was written is read back to the same spec, without a warning of changes', (value) => {
    const { spec } = parsed(value)
    const again = parsed(JSON.parse(JSON.stringify(writeJobSpec(spec))))
    expect(again.spec).toEqual(spec)
    expect(again.warnings.filter(({ code }) => code !== 'suspicious')).toEqual([])
  })

  test.prop([sent])('YAML, JSON and {spec} mean the same', (value) => {
    const { spec } = parsed(value)
    for (const text of [stringify(value), JSON.stringify(value), stringify({ spec: value })]) {
      const read = parseYamlOrJson(text)
      if (!read.ok) throw read.error
      const result = validateJobSpec(read.value, read.source)
      if (!result.ok) throw result.error
      expect(result.spec).toEqual(spec)
    }
  })

  test.prop([sent])('the order of keys changes nothing', (value) => {
    expect(canonicalJson(parsed(reversed(value)).spec)).toBe(canonicalJson(parsed(value).spec))
  })

  test.prop([sent])('it gives a policy and a content that are complete', (value) => {
    const { spec } = parsed(value)
    expect(rolloutPolicySchema.safeParse(resolveRolloutPolicy(spec)).success).toBe(true)
    expect(contentOf(spec)).toMatchObject({ type: spec.type, config: spec.config })
  })

  test.prop([
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true, withSparseArray: true }),
  ])('anything is answered with a spec or a typed error, and never thrown at', (value) => {
    const result = parseJobSpec(value)
    expect(result.ok || result.error.code === 'invalid_spec').toBe(true)
  })

  test.prop([sent, fc.nat(), fc.jsonValue({ maxDepth: 2 })])(
    'a spec with one field replaced by anything is answered too, with a path below that field or a valid spec',
    (value, at, other) => {
      const keys = Object.keys(value)
      const key = keys[at % keys.length] ?? 'name'
      const result = validateJobSpec({ ...value, [key]: other })
      if (result.ok) return
      expect(['invalid_spec', 'literal_secret']).toContain(result.error.code)
      for (const { path } of result.error.errors ?? []) expect(['name', key]).toContain(path?.split(/[.[]/)[0])
    },
  )
})
