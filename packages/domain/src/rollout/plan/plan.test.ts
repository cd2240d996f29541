import type { NodeId } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, storyPolicy as policy, type StoryPolicy } from '../accounting/world.ts'
import { orderTargets, planSeed } from './order.ts'
import { drawWaves, rampSteps, sizeOf, waveSizeOf } from './waves.ts'

describe('waves', () => {
  it('rolling: ceil of the percentage', () => expect(drawWaves(policy({}), 25)).toEqual([3, 3, 3, 3, 3, 3, 3, 3, 1]))
  it('never empty: 10 % of 5 nodes is one node', () => expect(drawWaves(policy({}), 5)).toEqual([1, 1, 1, 1, 1]))
  it('canary first', () => expect(drawWaves(policy({ strategy: 'canary' }), 21)).toEqual([1, 3, 3, 3, 3, 3, 3, 2]))
  it('immediate: everyone at once', () => expect(drawWaves(policy({ strategy: 'immediate' }), 1000)).toEqual([1000]))
  it('the older generation counts, and 0 means all', () => {
    expect(waveSizeOf(policy({ maxParallel: { unit: 'count', value: 4 } }), 100)).toBe(4)
    expect(drawWaves(policy({ maxParallel: { unit: 'count', value: 0 } }), 100)).toEqual([100])
  })
  it('a canary set in percent, of small fleets at least one', () => {
    expect(sizeOf({ unit: 'percent', value: 1 }, 250)).toBe(3)
    expect(sizeOf({ unit: 'percent', value: 1 }, 5)).toBe(1)
  })
  it('as many canaries as there are nodes at most', () =>
    expect(drawWaves(policy({ strategy: 'canary', canary: { unit: 'count', value: 9 } }), 4)).toEqual([4]))
  it('the steps of the ramp, fewer where waves are small', () =>
    expect([100, 30, 3, 2].map(rampSteps)).toEqual([[2, 12], [2, 5], [2], []]))
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

/** The plan of a first rollout on some nodes; `prepare` says what is known of them. */
const planOn = (
  nodes: number,
  given: StoryPolicy,
  prepare: (world: ReturnType<typeof startWorld>) => void = () => {},
) => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  prepare(world)
  world.apply('a', { policy: given })
  world.place()
  world.step()
  const { current } = present(world).rollouts
  if (current === undefined) throw new Error('nothing was planned')
  return current
}

describe('a plan', () => {
  it('takes about the same share of every site, however small, in every beginning', () => {
    const site = (node: NodeId): string => (Number(node.slice(1)) < 80 ? 'large' : 'small')
    const { targets } = planOn(100, {}, ({ sites }) => nodeIds(100).forEach((node) => sites.set(node, site(node))))
    for (const beginning of [10, 20, 50]) {
      const ofSmall = targets.slice(0, beginning).filter((node) => site(node) === 'small').length
      expect(Math.abs(ofSmall - beginning / 5)).toBeLessThanOrEqual(1)
    }
  })
  it('has canaries that are there and were well, before those who are sick', () => {
    const { targets } = planOn(
      10,
      { strategy: 'canary', canary: { unit: 'count', value: 2 }, maxParallel: { unit: 'count', value: 2 } },
      (world) => {
        for (const node of nodeIds(4)) world.sick.add(node)
        for (const node of nodeIds(8).slice(4)) world.connected.delete(node)
      },
    )
    expect(new Set(targets.slice(0, 2))).toEqual(new Set(['n8', 'n9']))
    expect(new Set(targets.slice(2, 6))).toEqual(new Set(['n0', 'n1', 'n2', 'n3']))
  })
  const healthyOn = (nodes: number, bad: readonly string[] = []) => {
    const world = startWorld({ nodes: nodeIds(nodes) })
    for (const node of nodeIds(nodes)) world.wanted.add(node)
    world.apply('a', { policy: { analysis: 'off', maxFailedNodesPercent: 100 } })
    world.place()
    for (let turn = 0; turn < 20; turn += 1) {
      world.advance()
      world.settle((node) => (bad.includes(node) ? 'failed' : 'healthy'))
    }
    return world
  }
  it('begins with who is at risk, and says how many were unhealthy', () => {
    const world = healthyOn(40, ['n3', 'n7'])
    world.sick.add('n5' as NodeId)
    world.apply('b')
    world.place()
    world.step()
    const { targets = [], unhealthy } = present(world).rollouts.current ?? {}
    expect(unhealthy).toBe(3)
    expect(new Set(targets.slice(0, 2))).toEqual(new Set(['n3', 'n7']))
    expect(targets[2]).toBe('n5')
  })
  it('leaves alone who runs this content, and has the budget of everybody placed all the same', () => {
    const world = healthyOn(40)
    world.apply('b')
    world.place()
    world.advance()
    world.apply('a')
    world.place()
    world.step()
    expect(present(world).rollouts.current).toMatchObject({
      already: 38,
      targets: { length: 2 },
      waves: [2],
      budget: 4,
    })
  })
  it('is drawn by a seed that the job and the version decide', () => {
    expect(planSeed('default/a', 3)).toBe(planSeed('default/a', 3))
    expect(new Set([planSeed('default/a', 1), planSeed('default/a', 2), planSeed('default/b', 1)]).size).toBe(3)
  })
})

describe('a plan in several parts', () => {
  const parts = (dieAfter: number) => {
    const world = startWorld({ nodes: nodeIds(2500) })
    for (const node of nodeIds(2500)) world.wanted.add(node)
    world.apply('a')
    world.place()
    if (dieAfter > 0) world.step(dieAfter)
    return world
  }
  it('of which the engine wrote only some is drawn again, the same', () => {
    const whole = parts(0)
    whole.advance()
    for (const dieAfter of [1, 2]) {
      const broken = parts(dieAfter)
      expect(present(broken).rollouts.current).toMatchObject({ phase: 'planning', targets: [] })
      broken.advance()
      expect(present(broken).rollouts.current?.targets).toEqual(present(whole).rollouts.current?.targets)
      expect([...present(broken).rollouts.grants.keys()]).toEqual([...present(whole).rollouts.grants.keys()])
    }
  })
  it('is superseded like any other by what is applied in the middle of it', () => {
    const world = parts(1)
    world.apply('b')
    world.place()
    world.advance()
    expect(present(world).rollouts).toMatchObject({
      past: [{ phase: 'superseded' }],
      current: { type: 'update', phase: 'running' },
    })
  })
})
