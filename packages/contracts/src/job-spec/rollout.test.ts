/** Policies that are refused, or taken with a warning. */
import { describe, expect, it } from 'vitest'
import { parseJobSpec, validateJobSpec } from './parse.ts'

const base = { name: 'a', type: 'pipeline', config: {} }
/** path, code and hint of every listed error. */
const errorsOf = (value: unknown) => {
  const parsed = parseJobSpec(value)
  if (parsed.ok) throw new Error(`it was taken: ${JSON.stringify(parsed.spec)}`)
  return (parsed.error.toProblem().errors ?? []).map(({ path, code, hint }) => [path, code, hint])
}
const specOf = (value: unknown) => {
  const parsed = validateJobSpec(value)
  if (!parsed.ok) throw parsed.error
  return parsed
}

describe('policies that contradict themselves', () => {
  it.each([
    [{ rollout: { strategy: 'canary', canary_count: 1, canary_percent: 5 } }, 'rollout.canary_percent'],
    [{ rollout: { canary_count: 1 } }, 'rollout.canary_count'],
    [{ rollout: { strategy: 'immediate', auto_promote: true } }, 'rollout.auto_promote'],
    [{ rollout: { max_parallel: 10, max_parallel_nodes: 3 } }, 'rollout.max_parallel_nodes'],
    [{ rollout: { health_check: { interval: '1m', deadline: '90s' } } }, 'rollout.health_check.deadline'],
    [{ rollout: { health_check: { success_threshold: 40, deadline: '5m' } } }, 'rollout.health_check.deadline'],
    [{ rollout: { health_check: { deadline: '25s' } } }, 'rollout.health_check.deadline'],
    [{ rollout: { health_check: { failure_threshold: 40, deadline: '5m' } } }, 'rollout.health_check.deadline'],
    [{ deployment: { health_check: { min_healthy_time: '2m', deadline: '1m' } } }, 'deployment.health_check.deadline'],
    [{ deployment: { canary_percent: 5 } }, 'deployment.canary_percent'],
    [{ rollout: {}, deployment: {} }, 'deployment'],
  ])('%j', (more, path) => {
    const errors = errorsOf({ ...base, ...more })
    expect(errors.map(([at, code]) => [at, code])).toEqual([[path, 'contradiction']])
    expect(errors[0]?.[2]).toMatch(/\./)
  })

  it.each([
    [{ max_parallel: 101 }, 'rollout.max_parallel'],
    [{ max_parallel: -1 }, 'rollout.max_parallel'],
    [{ strategy: 'canary', canary_percent: 100.5 }, 'rollout.canary_percent'],
    [{ max_failed_nodes_percent: 101 }, 'rollout.max_failed_nodes_percent'],
    [{ max_failed_nodes: -1 }, 'rollout.max_failed_nodes'],
    [{ health_check: { interval: '1ms' } }, 'rollout.health_check.interval'],
    [{ health_check: { interval: '199ms' } }, 'rollout.health_check.interval'],
    [{ health_check: { interval: '61m' } }, 'rollout.health_check.interval'],
    [{ health_check: { max_error_rate: 10 } }, 'rollout.health_check.max_error_rate'],
    [{ health_check: { success_threshold: 0 } }, 'rollout.health_check.success_threshold'],
    [{ strategy: 'blue-green' }, 'rollout.strategy'],
    [{ analysis: 'maybe' }, 'rollout.analysis'],
    [{ analysis: 1 }, 'rollout.analysis'],
    [{ spread_by: 'a site' }, 'rollout.spread_by'],
    [{ spread_by: '' }, 'rollout.spread_by'],
  ])('%j is out of bounds', (rollout, path) => {
    expect(errorsOf({ ...base, rollout }).map(([at]) => at)).toEqual([path])
  })

  const nodes = (field: string): string => `A percentage is 0 to 100; ${field} takes a number of nodes.`
  it.each([
    [{ max_parallel: 101 }, 'too_large', nodes('max_parallel_nodes')],
    [{ strategy: 'canary', canary_percent: 100.5 }, 'too_large', nodes('canary_count')],
    [{ max_failed_nodes_percent: 1e9 }, 'too_large', nodes('max_failed_nodes')],
    [{ health_check: { interval: '1ms' } }, 'invalid', 'Give 200ms to 1h.'],
    [{ health_check: { interval: '61m' } }, 'invalid', 'Give 200ms to 1h.'],
    [{ health_check: { interval: 1 } }, 'invalid', 'An integer here counts nanoseconds; "30s" says it plainly.'],
    [{ expiry: '1ms' }, 'invalid', 'Give at least 1s.'],
  ])('%j is refused with a hint', (rollout, code, hint) => {
    expect(errorsOf({ ...base, rollout }).map(([, ...rest]) => rest)).toEqual([[code, hint]])
  })

  it.each([
    { canary_count: 0, canary_percent: 0, auto_promote: false, max_parallel: 0 },
    { strategy: 'canary', canary_percent: 100 },
    { health_check: { interval: '200ms', deadline: '600ms' } },
    { health_check: { interval: '1h', deadline: '2h', failure_threshold: 2 } },
    { analysis: 'off', spread_by: 'example.org/rack' },
    { max_failed_nodes: 0, max_failed_nodes_percent: 0, health_check: { max_error_rate: 0 } },
  ])('takes %j', (rollout) => {
    expect(specOf({ ...base, rollout }).ok).toBe(true)
  })

  it.each([
    [true, 'on'],
    [false, 'off'],
    ['on', 'on'],
    ['off', 'off'],
  ])('keeps analysis %j as the word %s', (analysis, word) => {
    expect(specOf({ ...base, rollout: { analysis } })).toMatchObject({
      ok: true,
      spec: { rollout: { analysis: word } },
    })
  })
})

describe('policies that hardly mean what they say are taken with a warning', () => {
  const suspicious = (rollout: object) => {
    const parsed = specOf({ ...base, rollout })
    return parsed.warnings.filter(({ code }) => code === 'suspicious').map(({ path }) => path)
  }

  it.each([
    [{ strategy: 'immediate', max_parallel: 10 }, ['rollout.max_parallel']],
    [{ strategy: 'immediate', max_failed_nodes: 2, analysis: 'on' }, ['rollout.max_failed_nodes', 'rollout.analysis']],
    [{ analysis: 'off', max_failed_nodes_percent: 100 }, ['rollout.analysis']],
    [{ strategy: 'canary', canary_percent: 100 }, ['rollout.canary_percent']],
    [{ health_check: { max_error_rate: 1 } }, ['rollout.health_check.max_error_rate']],
    [{ expiry: '2m' }, ['rollout.expiry']],
  ])('%j', (rollout, paths) => {
    expect(suspicious(rollout)).toEqual(paths)
  })

  it.each([
    {},
    { strategy: 'immediate', analysis: 'off', max_parallel: 0 },
    { analysis: 'off' },
    { analysis: 'off', max_failed_nodes_percent: 100, max_failed_nodes: 3 },
    { max_failed_nodes_percent: 100 },
    { strategy: 'canary', canary_count: 1000 },
  ])('not %j', (rollout) => {
    expect(suspicious(rollout)).toEqual([])
  })
})
