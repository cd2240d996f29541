import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld } from '../accounting/world.ts'

/** A rollout on some nodes, all granted at once as far as the ramp allows, without the test on outcomes. */
const running = (nodes: number, more: Parameters<ReturnType<typeof startWorld>['apply']>[1] = {}) => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  const policy = { maxParallel: { unit: 'count' as const, value: 0 }, analysis: 'off' as const, ...more.policy }
  world.apply('a', { policy })
  world.place()
  world.advance()
  const targets = (): readonly string[] => present(world).rollouts.current?.targets ?? []
  return { world, phase: () => present(world).rollouts.current?.phase, halted: () => haltOf(world), targets }
}
const haltOf = (world: ReturnType<typeof startWorld>) => present(world).rollouts.current?.halted

/** The first `failed` to settle fail, everybody else is healthy. */
const failFirst = (failed: number) => {
  let left = failed
  return () => ((left -= 1) >= 0 ? 'failed' : 'healthy')
}

describe('a percentage', () => {
  it('says nothing about the first of 100 nodes', () => {
    const { world, phase } = running(100)
    world.settle(failFirst(1))
    world.advance()
    expect(phase()).toBe('running')
  })
  it('counts from 40 settled nodes on', () => {
    const shareOf = (bad: number) => {
      const { world, halted } = running(100)
      const outcome = failFirst(bad)
      for (let turn = 0; turn < 5; turn += 1) {
        world.settle(outcome)
        world.advance()
      }
      return halted()
    }
    expect(shareOf(5)).toBeUndefined()
    expect(shareOf(12)).toMatchObject({ reason: 'max_failed_nodes_percent', evidence: { settled: 100, failed: 12 } })
  })
  it('of 0 tolerates none, from the first node on', () => {
    const { world, halted } = running(100, { policy: { maxFailedNodesPercent: 0 } })
    world.settle(failFirst(1))
    world.advance()
    expect(halted()).toMatchObject({ reason: 'max_failed_nodes_percent', evidence: { failed: 1 } })
  })
  it('counts when all that can settle have, however few: who left before his turn cannot', () => {
    const { world, halted, targets } = running(10)
    const stay = new Set(targets().slice(0, 4))
    for (const node of nodeIds(10)) if (!stay.has(node)) world.wanted.delete(node)
    world.place()
    const outcome = failFirst(1)
    for (let turn = 0; turn < 3; turn += 1) {
      world.settle(outcome)
      world.advance()
    }
    expect(halted()).toMatchObject({ reason: 'max_failed_nodes_percent', evidence: { settled: 4, failed: 1 } })
  })
  it('waits for those who were sick and deferred only once', () => {
    const world = startWorld({ nodes: nodeIds(12) })
    for (const node of nodeIds(12)) world.wanted.add(node)
    for (const node of nodeIds(3)) world.sick.add(node)
    world.apply('a', { policy: { maxParallel: { unit: 'count', value: 0 }, analysis: 'off' } })
    world.place()
    world.advance()
    // The two of the first step were sick, never start and are taken back.
    const [one, two] = [...world.job.rollouts.grants.keys()]
    for (const node of [one, two]) world.connected.delete(node as never)
    world.revoke()
    const bad = nodeIds(12)[3]
    for (let turn = 0; turn < 12; turn += 1) {
      world.advance()
      const open = [...world.job.rollouts.grants].find(([, { verdict }]) => verdict === undefined)?.[0]
      if (open !== undefined) world.judge(open, open === bad ? 'failed' : 'healthy')
    }
    // Nine were well before: each of them is waited for, although the sick are neither evidence nor there.
    expect(haltOf(world)).toMatchObject({ reason: 'max_failed_nodes_percent', evidence: { settled: 9, failed: 1 } })
  })
})

describe('a number', () => {
  it('halts as soon as it is exceeded', () => {
    const { world, halted, phase } = running(100, { policy: { maxFailedNodes: 1 } })
    const outcome = failFirst(2)
    world.judge(present(world).rollouts.current?.targets[0] as never, outcome())
    world.advance()
    expect(phase()).toBe('running')
    world.judge(present(world).rollouts.current?.targets[1] as never, outcome())
    world.advance()
    expect(halted()).toMatchObject({ reason: 'max_failed_nodes', evidence: { failed: 2 } })
  })
})

describe('a budget that failed nodes have used up', () => {
  it('halts when somebody waits for a place', () => {
    const { world, halted } = running(3, { policy: { maxParallel: { unit: 'count', value: 1 } } })
    world.settle(failFirst(1))
    world.advance()
    expect(halted()).toMatchObject({ reason: 'budget_exhausted', evidence: { atRisk: 1, budget: 1 } })
  })
  it('does not while a node waits that takes no new place: the fix for a sick fleet reaches all of it', () => {
    const world = startWorld({ nodes: nodeIds(4) })
    for (const node of nodeIds(4)) world.wanted.add(node)
    const wide = { strategy: 'immediate' as const, autoRollback: false, analysis: 'off' as const }
    world.apply('a', { policy: wide })
    world.place()
    world.advance()
    world.settle(() => 'failed')
    world.apply('b', { policy: { maxParallel: { unit: 'count', value: 1 }, maxFailedNodesPercent: 100 } })
    world.place()
    world.advance()
    const outcome = failFirst(1)
    for (let turn = 0; turn < 4; turn += 1) {
      world.settle(outcome)
      world.advance()
    }
    // One of the four stays broken; the three others were at risk before and needed no place.
    expect(present(world).rollouts.current).toMatchObject({ phase: 'completed', counts: { healthy: 3, failed: 1 } })
  })
})
