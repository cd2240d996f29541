import { describe, expect, it } from 'vitest'
import { parseYamlOrJson } from '../source/read.ts'
import { MAX_SPEC_BYTES, parseJobSpec, validateJobSpec } from './parse.ts'
import { writeJobSpec } from './write.ts'

const base = { name: 'a', type: 'pipeline', config: {} }
const process = { name: 'a', type: 'process', config: { command: '/bin/true' } }

const problemOf = (value: unknown) => {
  const parsed = parseJobSpec(value)
  if (parsed.ok) throw new Error(`it was taken: ${JSON.stringify(parsed.spec)}`)
  return parsed.error.toProblem()
}
/** path, code and hint of every listed error. */
const errorsOf = (value: unknown) => (problemOf(value).errors ?? []).map(({ path, code, hint }) => [path, code, hint])
const specOf = (value: unknown) => {
  const parsed = validateJobSpec(value)
  if (!parsed.ok) throw parsed.error
  return parsed
}

describe('a valid spec', () => {
  it('gets its defaults', () => {
    expect(specOf(base)).toEqual({
      ok: true,
      spec: { ...base, namespace: 'default', priority: 50, restart_policy: 'on-failure' },
      warnings: [],
    })
  })

  it('is taken bare, under spec, and as it is read back from the API', () => {
    const { spec } = specOf(base)
    expect(specOf({ spec: base }).spec).toEqual(spec)
    const again = specOf({ id: 'x', spec: base, status: { version: 3 } })
    expect(again.spec).toEqual(spec)
    expect(again.warnings.map(({ code, path }) => [code, path])).toEqual([
      ['ignored', 'id'],
      ['ignored', 'status'],
    ])
  })

  it('takes null for a block that is not set, as Go and YAML write it', () => {
    expect(specOf({ ...base, labels: null, rollout: null }).spec).toEqual(specOf(base).spec)
  })

  it('writes durations as Go strings: bare integers are seconds in timeouts and nanoseconds in health_check', () => {
    const { spec } = specOf({
      ...base,
      timeouts: { execution_timeout: 90, queue_timeout: '1h30m0s', total_timeout: 0 },
      rollout: { health_check: { interval: 500_000_000, deadline: '300s' }, expiry: '48h' },
    })
    expect(spec.timeouts).toEqual({ execution_timeout: '1m30s', queue_timeout: '1h30m', total_timeout: '0s' })
    expect(spec.rollout).toEqual({ health_check: { interval: '500ms', deadline: '5m' }, expiry: '48h' })
  })

  it('is written in the order of people and read back without a warning', () => {
    const { spec } = specOf({
      ...process,
      labels: { b: '1', a: '2' },
      deployment: { max_parallel: 3, health_check: { min_healthy_time: '45s' } },
      timeouts: { total_timeout: 60 },
    })
    const written = writeJobSpec(spec)
    expect(Object.keys(written)).toEqual([
      'name',
      'namespace',
      'type',
      'labels',
      'priority',
      'config',
      'restart_policy',
      'timeouts',
      'rollout',
    ])
    expect(specOf(written)).toEqual({ ok: true, spec, warnings: [] })
  })

  it('makes text of booleans and numbers where text is meant, and says so', () => {
    const { spec, warnings } = specOf({
      ...process,
      labels: { on: true, n: 1.5 },
      selector: { match_labels: { gpu: false } },
      config: { command: '/bin/env', env: { PORT: 8080 } },
    })
    expect(spec.labels).toEqual({ on: 'true', n: '1.5' })
    expect(spec.selector).toEqual({ match_labels: { gpu: 'false' } })
    expect(spec.config['env']).toEqual({ PORT: '8080' })
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([
      ['coerced', 'labels.on'],
      ['coerced', 'labels.n'],
      ['coerced', 'selector.match_labels.gpu'],
      ['coerced', 'config.env.PORT'],
    ])
  })

  it('keeps a number in a label as it was written', () => {
    const read = parseYamlOrJson(
      'spec:\n  name: a\n  type: pipeline\n  config: {}\n  labels: {version: 1.10, port: 0x50}\n',
    )
    if (!read.ok) throw read.error
    const parsed = parseJobSpec(read.value, read.source)
    expect(parsed.ok ? parsed.spec.labels : parsed.error).toEqual({ version: '1.10', port: '0x50' })
  })

  it('warns of a command that looks like a shell line, and of an empty list of ids', () => {
    const { warnings } = specOf({ ...process, config: { command: 'sleep 10' }, selector: { match_ids: [] } })
    expect(warnings.map(({ code, path }) => [code, path])).toEqual([
      ['suspicious', 'config.command'],
      ['suspicious', 'selector.match_ids'],
    ])
  })
})

describe('unknown fields', () => {
  it.each([
    [{ seletor: {} }, 'seletor', 'Did you mean "selector"?'],
    [{ selector: { matchLabels: {} } }, 'selector.matchLabels', 'Did you mean "match_labels"?'],
    [{ rollout: { health_check: { intervall: '1s' } } }, 'rollout.health_check.intervall', 'Did you mean "interval"?'],
    [{ timeouts: { 'odd key.x': 1 } }, 'timeouts["odd key.x"]', undefined],
    [{ constraints: [] }, 'constraints', 'Use selector.match_expressions.'],
    [{ xyzzy: 1 }, 'xyzzy', undefined],
  ])('%j', (more, path, hint) => {
    expect(errorsOf({ ...base, ...more })).toEqual([[path, 'unknown_field', hint]])
  })

  it('are all told, with other faults', () => {
    expect(errorsOf({ name: 7, type: 'proces', config: {}, a1: 1, b2: 2, priority: 101 })).toEqual([
      ['name', 'wrong_type', undefined],
      ['type', 'invalid', 'Did you mean "process"?'],
      ['priority', 'too_large', undefined],
      ['a1', 'unknown_field', undefined],
      ['b2', 'unknown_field', undefined],
    ])
  })

  it('have line and column in YAML, also under spec', () => {
    const read = parseYamlOrJson('spec:\n  name: a\n  type: process\n  config:\n    comand: x\n  labels: {a: [1]}\n')
    if (!read.ok) throw read.error
    const parsed = parseJobSpec(read.value, read.source)
    expect(parsed.ok ? [] : parsed.error.errors).toMatchObject([
      { path: 'labels.a', line: 6, column: 12 },
      { path: 'config.command', code: 'required', line: 4, column: 3 },
      { path: 'config.comand', line: 5, column: 5, hint: 'Did you mean "command"?' },
    ])
  })

  it('do not make a long answer of a long spec', () => {
    const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, n) => [`field_${n}`, 1]))
    expect(problemOf({ ...base, ...many }).errors).toHaveLength(100)
    expect(JSON.stringify(problemOf({ ...base, ['x'.repeat(100_000)]: 1 })).length).toBeLessThan(4000)
  })
})

describe('bad input', () => {
  it.each([null, undefined, 1, 'x', [], [base], true])('%j is no spec', (value) => {
    expect(problemOf(value)).toMatchObject({ code: 'invalid_spec', status: 400, retryable: false })
  })

  it('names what is required', () => {
    expect(errorsOf({})).toEqual([
      ['name', 'required', undefined],
      ['type', 'required', undefined],
      ['config', 'required', undefined],
    ])
  })

  it.each([
    ['name', 'a\0'],
    ['name', '\ud800'],
    ['namespace', ''],
    ['namespace', 'a\u202eb'],
    ['name', 'n'.repeat(300)],
    ['namespace', 'é'.repeat(300)],
  ])('refuses a %s of %j', (field, text) => {
    expect(errorsOf({ ...base, [field]: text }).map(([path]) => path)).toEqual([field])
  })

  it('bounds namespace and name together, as they stand in a subject', () => {
    expect(specOf({ ...base, namespace: 'n'.repeat(100), name: 'n'.repeat(100) }).spec.name).toHaveLength(100)
    expect(errorsOf({ ...base, namespace: 'n'.repeat(100), name: 'n'.repeat(101) })[0]?.[0]).toBe('name')
    expect(errorsOf({ ...base, namespace: 'n'.repeat(100), name: '.'.repeat(34) })[0]?.[0]).toBe('name')
  })

  it.each([2 ** 53, -(2 ** 53), 1e300, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses the number %d at its path',
    (n) => {
      expect(errorsOf({ ...base, config: { a: [{ b: n }] } })).toEqual([
        ['config.a[0].b', 'unsafe_number', 'Write it as a string.'],
      ])
    },
  )

  it('refuses text that is not text, anywhere', () => {
    expect(errorsOf({ ...base, config: { a: '\ud800' } })[0]).toEqual(['config.a', 'not_text', undefined])
    expect(errorsOf({ ...base, config: { '\udfff': 1 } })[0]?.[1]).toBe('not_text')
  })

  it('refuses what JSON cannot hold', () => {
    expect(errorsOf({ ...base, config: { a: 1n } })[0]?.[1]).toBe('not_json')
    expect(errorsOf({ ...base, config: { a: new Date(0) } })[0]?.[1]).toBe('not_json')
    expect(errorsOf({ ...base, config: JSON.parse('{"__proto__": {"x": 1}}') as unknown })[0]?.[1]).toBe('not_json')
  })

  it('refuses depth, circles and bulk', () => {
    let deep: unknown = 1
    for (let level = 0; level < 10_000; level++) deep = [deep]
    expect(errorsOf({ ...base, config: { deep } })[0]?.[1]).toBe('too_deep')
    const circle: unknown[] = []
    circle.push(circle)
    expect(errorsOf({ ...base, config: { circle } })[0]?.[1]).toBe('too_deep')
    const wide = Array.from({ length: 300_000 }, () => 0)
    expect(errorsOf({ ...base, config: { wide } })[0]?.[1]).toBe('too_deep')
  })

  it('refuses a spec beyond 512 KiB and takes one just below', () => {
    expect(errorsOf({ ...base, config: { a: 'x'.repeat(MAX_SPEC_BYTES) } })).toEqual([['', 'too_large', undefined]])
    expect(errorsOf({ ...base, config: { a: 'é'.repeat(MAX_SPEC_BYTES / 2) } })[0]?.[1]).toBe('too_large')
    expect(specOf({ ...base, config: { a: 'x'.repeat(MAX_SPEC_BYTES - 200) } }).ok).toBe(true)
  })

  it.each([
    [{ labels: { 'dunlin.io/x': 'a' } }, 'labels["dunlin.io/x"]', 'reserved_prefix'],
    [{ meta: { 'expanso.io/x': 'a' } }, 'meta["expanso.io/x"]', 'reserved_prefix'],
    [{ labels: { 'a b': 'c' } }, 'labels["a b"]', 'invalid'],
    [{ labels: { a: 'x'.repeat(2000) } }, 'labels.a', 'too_large'],
    [{ labels: [] }, 'labels', 'wrong_type'],
    [{ priority: 0 }, 'priority', 'too_small'],
    [{ priority: 1.5 }, 'priority', 'wrong_type'],
    [{ restart_policy: 'on_failure' }, 'restart_policy', 'invalid'],
    [{ timeouts: { total_timeout: -1 } }, 'timeouts.total_timeout', 'invalid'],
    [{ timeouts: { total_timeout: 1.5 } }, 'timeouts.total_timeout', 'invalid'],
    [{ timeouts: { total_timeout: true } }, 'timeouts.total_timeout', 'wrong_type'],
    [{ selector: { match_expressions: ['a in ('] } }, 'selector.match_expressions[0]', 'invalid'],
    [{ selector: { match_ids: ['a b'] } }, 'selector.match_ids[0]', 'invalid'],
    [{ schedule: { cron: '* * *' } }, 'schedule.cron[0]', 'invalid'],
    [{ schedule: {} }, 'schedule.cron', 'required'],
    [{ schedule: { cron: ['@daily'], timezone: 'Mars/Base' } }, 'schedule.timezone', 'invalid'],
    [{ resources: { memory: 'lots' } }, 'resources.memory', 'invalid'],
    [{ health: { liveness: {} } }, 'health.liveness', 'invalid'],
    [{ parameters: { required: ['a'], optional: ['a'] } }, 'parameters.optional[0]', 'invalid'],
    [
      { secrets: { A: { from: 'valt' } }, secret_providers: { vault: { provider: 'file' } } },
      'secrets.A.from',
      'invalid',
    ],
  ])('%j', (more, path, code) => {
    expect(errorsOf({ ...base, ...more }).map(([at, word]) => [at, word])).toEqual([[path, code]])
  })
})

describe('process config', () => {
  it.each([
    [{}, 'config.command', 'required'],
    [{ command: ' ' }, 'config.command', 'invalid'],
    [{ command: ['a'] }, 'config.command', 'wrong_type'],
    [{ command: 'a\0b' }, 'config.command', 'invalid'],
    [{ command: 'a', args: [1] }, 'config.args[0]', 'wrong_type'],
    [{ command: 'a', args: 'b' }, 'config.args', 'wrong_type'],
    [{ command: 'a', env: { 'A=B': 'c' } }, 'config.env["A=B"]', 'invalid'],
    [{ command: 'a', env: { 'a.b': 'c' } }, 'config.env["a.b"]', 'invalid'],
    [{ command: 'a', env: { '1A': 'c' } }, 'config.env.1A', 'invalid'],
    [{ command: 'a', env: { A: 'b\0' } }, 'config.env.A', 'invalid'],
    [{ command: 'a', cwd: 'relative' }, 'config.cwd', 'invalid'],
    [{ command: 'a', arg: [] }, 'config.arg', 'unknown_field'],
  ])('%j', (config, path, code) => {
    expect(errorsOf({ ...process, config }).map(([at, word]) => [at, word])).toContainEqual([path, code])
  })
})

describe('limits that limit less than they seem to', () => {
  const pathsOf = (spec: unknown): readonly string[] => {
    const parsed = parseJobSpec(spec)
    return parsed.ok ? parsed.warnings.map(({ path }) => path) : ['refused']
  }
  it.each([
    [{ ...process, timeouts: { queue_timeout: '2h', total_timeout: '1h' } }, ['timeouts.queue_timeout']],
    [{ ...process, timeouts: { queue_timeout: '2h', total_timeout: 0 } }, []],
    [{ ...process, resources: { memory: '1GiB' } }, []],
    [{ ...base, type: 'pipeline', resources: { memory: '1GiB' } }, ['resources']],
  ])('%j', (spec, paths) => expect(pathsOf(spec)).toEqual(paths))
})

describe('parts that are not built', () => {
  it.each([
    [{ schedule: { cron: '@hourly' } }, 'schedule'],
    [{ schedule: { cron: ['0 4 1-7/2 * MON-FRI', '@daily'], timezone: 'Europe/Berlin' } }, 'schedule'],
    [{ placement: { count: 3 } }, 'placement'],
    [{ parameters: { required: ['a'] } }, 'parameters'],
    [{ secret_providers: { v: { provider: 'aws_secrets_manager', region: 'x' } } }, 'secret_providers.v.provider'],
  ])('refuses %j by name, although it is valid', (more, path) => {
    expect(problemOf({ ...base, ...more })).toMatchObject({ code: 'not_built', errors: [{ path }] })
    expect(validateJobSpec({ ...base, ...more }).ok).toBe(true)
  })

  it.each([
    { secrets: {} },
    { timeouts: { queue_timeout: '5m', total_timeout: 600, execution_timeout: '1m' } },
    { resources: { memory: '512MiB', cpus: 0.5, pids: 10 } },
    { rollout: { strategy: 'canary' } },
    { rollout: { strategy: 'canary', auto_promote: true } },
    { deployment: { strategy: 'canary', canary_count: 1 } },
  ])('does not mind %j, which asks for nothing of it', (more) => {
    expect(parseJobSpec({ ...base, ...more })).toMatchObject({ ok: true })
  })
})
