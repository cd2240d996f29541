import { describe, expect, it } from 'vitest'
import { rolloutPolicySchema } from '../events/rollout.ts'
import { validateJobSpec } from './parse.ts'
import { resolveRolloutPolicy } from './rollout-policy.ts'

const parsed = (more: object) => {
  const result = validateJobSpec({ name: 'a', type: 'pipeline', config: {}, ...more })
  if (!result.ok) throw result.error
  return result
}
const policyOf = (more: object) => resolveRolloutPolicy(parsed(more).spec)

describe('the policy of a spec', () => {
  it('is rolling, 10 percent, 10 s windows, 2 and 3, when the spec says nothing', () => {
    const policy = policyOf({})
    expect(policy).toEqual({
      strategy: 'rolling',
      maxParallel: { unit: 'percent', value: 10 },
      canary: { unit: 'count', value: 1 },
      autoPromote: false,
      maxFailedNodesPercent: 9,
      autoRollback: true,
      analysis: { p0: 0.05, haltAt: 20 },
      health: {
        intervalMs: 10_000,
        maxErrorRate: 0.1,
        successThreshold: 2,
        failureThreshold: 3,
        deadlineMs: 300_000,
      },
      expiryMs: 86_400_000,
    })
    expect(rolloutPolicySchema.parse(policy)).toEqual(policy)
  })

  it('tells an explicit 0 from nothing where 0 means none', () => {
    const policy = policyOf({
      rollout: {
        max_parallel: 0,
        max_failed_nodes: 0,
        max_failed_nodes_percent: 0,
        health_check: { max_error_rate: 0 },
      },
    })
    expect(policy).toMatchObject({
      maxParallel: { unit: 'percent', value: 10 },
      maxFailedNodes: 0,
      maxFailedNodesPercent: 0,
      health: { maxErrorRate: 0 },
    })
  })

  it('tests nothing and goes back by itself from nothing when everybody is granted at once', () => {
    const policy = policyOf({ rollout: { strategy: 'immediate', no_auto_rollback: false } })
    expect(policy).toMatchObject({ strategy: 'immediate', autoRollback: false })
    expect(policy).not.toHaveProperty('analysis')
  })

  it('has no analysis when it is off, and spreads by the label that is named', () => {
    const policy = policyOf({ rollout: { analysis: false, spread_by: 'rack' } })
    expect(policy).not.toHaveProperty('analysis')
    expect(policy.spreadBy).toBe('rack')
    expect(rolloutPolicySchema.parse(policy)).toEqual(policy)
  })

  it.each([
    [{}, 300_000],
    [{ interval: '1m' }, 540_000],
    [{ interval: '1m', success_threshold: 10 }, 1_800_000],
    [{ interval: '500ms' }, 300_000],
    [{ interval: '1m', deadline: '3m' }, 180_000],
  ])('has the deadline of %j', (health_check, deadlineMs) => {
    expect(policyOf({ rollout: { health_check } }).health.deadlineMs).toBe(deadlineMs)
  })

  it.each([
    [{ strategy: 'canary' }, { unit: 'count', value: 1 }],
    [
      { strategy: 'canary', canary_count: 5 },
      { unit: 'count', value: 5 },
    ],
    [
      { strategy: 'canary', canary_percent: 2.5 },
      { unit: 'percent', value: 2.5 },
    ],
    [
      { strategy: 'canary', canary_count: 5, canary_percent: 0 },
      { unit: 'count', value: 5 },
    ],
  ])('has the canary set of %j', (rollout, canary) => {
    expect(policyOf({ rollout }).canary).toEqual(canary)
  })
})

describe('the older generation', () => {
  const translated = (deployment: object) => {
    const { spec, warnings } = parsed({ deployment })
    return {
      policy: resolveRolloutPolicy(spec),
      spec,
      warned: warnings.filter(({ code }) => code === 'translated').map(({ path }) => path),
    }
  }

  it.each([
    [{ max_parallel: 0 }, { unit: 'count', value: 0 }],
    [{ max_parallel: 7 }, { unit: 'count', value: 7 }],
    [{ max_parallel: 500 }, { unit: 'count', value: 500 }],
    [{}, { unit: 'percent', value: 10 }],
  ])('counts nodes in %j', (deployment, maxParallel) => {
    expect(translated(deployment).policy.maxParallel).toEqual(maxParallel)
  })

  it.each([
    ['30s', 10_000, 3],
    ['1m', 10_000, 6],
    ['25s', 10_000, 3],
    ['10s', 10_000, 1],
    ['3s', 3000, 1],
    ['200ms', 200, 1],
    ['6h', 21_600, 1000],
  ])('makes windows of min_healthy_time %s', (min_healthy_time, intervalMs, successThreshold) => {
    const { policy } = translated({ health_check: { min_healthy_time } })
    expect(policy.health).toMatchObject({ intervalMs, successThreshold })
    expect(policy.health.intervalMs * policy.health.successThreshold).toBeGreaterThanOrEqual(intervalMs)
  })

  it.each([
    [{ deadline: '25s' }, 2],
    [{ min_healthy_time: '10s', deadline: '15s' }, 1],
    [{ min_healthy_time: '10s', deadline: '1m' }, 3],
  ])('keeps what it made of %j: applied again, it is taken again', (health_check, failureThreshold) => {
    const { spec, policy } = translated({ health_check })
    expect(policy.health.failureThreshold).toBe(failureThreshold)
    expect(parsed({ rollout: spec.rollout }).spec.rollout).toEqual(spec.rollout)
  })

  it('warns of every translated field, and keeps only the present form', () => {
    const { spec, warned } = translated({
      strategy: 'canary',
      canary_count: 2,
      max_parallel: 3,
      no_auto_rollback: true,
      health_check: { min_healthy_time: '20s', deadline: '1m', max_error_rate: 0 },
    })
    expect(warned).toEqual([
      'deployment',
      'deployment.max_parallel',
      'deployment.canary_count',
      'deployment.health_check.min_healthy_time',
    ])
    expect(spec).not.toHaveProperty('deployment')
    expect(spec.rollout).toEqual({
      strategy: 'canary',
      canary_count: 2,
      max_parallel_nodes: 3,
      no_auto_rollback: true,
      health_check: { deadline: '1m', max_error_rate: 0, interval: '10s', success_threshold: 2 },
    })
  })
})
