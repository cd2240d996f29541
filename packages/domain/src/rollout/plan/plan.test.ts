import type { NodeId, RolloutPolicy } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { orderTargets } from './order.ts'
import { drawWaves, waveSizeOf } from './waves.ts'

const policy = (more: Partial<RolloutPolicy>): RolloutPolicy => ({
  strategy: 'rolling',
  maxParallel: { unit: 'percent', value: 10 },
  canary: { unit: 'count', value: 1 },
  autoPromote: false,
  maxFailedNodes: 10,
  maxFailedNodesPercent: 10,
  autoRollback: true,
  health: { intervalMs: 1000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 },
  expiryMs: 1000,
  ...more,
})

describe('waves', () => {
  it('rolling: ceil of the percentage', () => expect(drawWaves(policy({}), 25)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 1]))
  it('never empty: 10 % of 5 nodes is one node', () => expect(drawWaves(policy({}), 5)).toEqual([1, 1, 1, 1, 1]))
  it('canary first', () => expect(drawWaves(policy({ strategy: 'canary' }), 21)).toEqual([1, 3, 3, 3, 3, 3, 3, 2]))
  it('immediate: everyone at once', () => expect(drawWaves(policy({ strategy: 'immediate' }), 1000)).toEqual([1000]))
  it('the older generation counts, and 0 means all', () => {
    expect(waveSizeOf(policy({ maxParallel: { unit: 'count', value: 4 } }), 100)).toBe(4)
    expect(drawWaves(policy({ maxParallel: { unit: 'count', value: 0 } }), 100)).toEqual([100])
  })
  it('nobody: no wave', () => expect(drawWaves(policy({}), 0)).toEqual([]))
})

test.prop([
  fc.integer({ min: 1, max: 500 }),
  fc.integer({ min: 1, max: 100 }),
  fc.constantFrom('rolling' as const, 'canary' as const),
])('A3: waves cover all targets, none is empty, none is larger than the budget', (targets, percent, strategy) => {
  const drawn = drawWaves(policy({ strategy, maxParallel: { unit: 'percent', value: percent } }), targets)
  const budget = waveSizeOf(policy({ strategy, maxParallel: { unit: 'percent', value: percent } }), targets)
  expect(drawn.reduce((a, b) => a + b, 0)).toBe(targets)
  expect(drawn.every((size, i) => size > 0 && (size <= budget || (strategy === 'canary' && i === 0)))).toBe(true)
})

const ids = fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,8}$/), { maxLength: 60 })
test.prop([ids, fc.nat(), fc.nat(10)])(
  'the order is a permutation that depends on seed and set only',
  (nodes, seed, cut) => {
    const order = orderTargets(nodes as NodeId[], seed, () => 0)
    const rotated = [...nodes.slice(cut), ...nodes.slice(0, cut)]
    expect(orderTargets(rotated as NodeId[], seed, () => 0)).toEqual(order)
    expect([...order].sort()).toEqual([...nodes].sort())
  },
)
test.prop([ids, fc.nat()])('unhealthy nodes come first', (nodes, seed) => {
  const sick = new Set(nodes.slice(0, 3))
  const order = orderTargets(nodes as NodeId[], seed, (node) => (sick.has(node) ? 0 : 1))
  expect(new Set(order.slice(0, sick.size))).toEqual(sick)
})
