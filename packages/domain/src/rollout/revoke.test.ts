/** What a revoked grant leaves behind: the node was silent before it started, so it runs what it ran before. */
import type { NodeId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { hashOf, nodeIds, present, startWorld, type World } from './accounting/world.ts'
import { freePlaces, revokeUnstarted } from './revoke.ts'

const [n0, n1] = nodeIds(2) as [NodeId, NodeId]
const all = { maxParallel: { unit: 'count' as const, value: 0 }, analysis: 'off' as const, maxFailedNodesPercent: 100 }

/** The first content everywhere, healthy. */
const settledOn = (content: string, nodes = 2): World => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  bring(world, content)
  world.settle(() => 'healthy')
  world.advance()
  return world
}
const bring = (world: World, content: string): void => {
  world.apply(content, { policy: all })
  world.place()
  world.advance()
}
const revoke = (world: World, node: NodeId): void => {
  world.connected.delete(node)
  world.revoke()
}
const grantOf = (world: World, node: NodeId) => present(world).rollouts.grants.get(node)
const slotOf = (world: World, node: NodeId) => present(world).rollouts.current?.slots.get(node)

describe('a revoked grant', () => {
  it('gives back the one that had settled healthy before it', () => {
    const world = settledOn('a')
    const before = grantOf(world, n0)
    bring(world, 'b')
    revoke(world, n0)
    expect(grantOf(world, n0)).toEqual(before)
    expect(slotOf(world, n0)).toBe('deferred')
  })
  it('leaves nothing where nothing was granted before', () => {
    const world = startWorld({ nodes: nodeIds(2) })
    for (const node of nodeIds(2)) world.wanted.add(node)
    bring(world, 'a')
    revoke(world, n0)
    expect(grantOf(world, n0)).toBeUndefined()
  })
  it('keeps its place until it can no longer be activated', () => {
    const world = settledOn('a')
    bring(world, 'b')
    revoke(world, n0)
    expect(present(world).rollouts.atRisk.has(n0)).toBe(true)
    world.free()
    expect(present(world).rollouts.atRisk.has(n0)).toBe(false)
  })
  it('is granted again when the node is back', () => {
    const world = settledOn('a')
    bring(world, 'b')
    revoke(world, n0)
    world.connected.add(n0)
    world.advance()
    expect(slotOf(world, n0)).toBe('open')
  })

  describe('of a node that had failed before', () => {
    /** Healthy on a, failed on b, granted a again, silent before it began. */
    const backToA = (): World => {
      const world = settledOn('a')
      bring(world, 'b')
      world.settle((node) => (node === n0 ? 'failed' : 'healthy'))
      world.rollBack(1)
      world.place()
      world.advance()
      revoke(world, n0)
      return world
    }
    it('keeps the node at risk: it runs what failed', () => {
      const world = backToA()
      world.free()
      expect(present(world).rollouts.atRisk.has(n0)).toBe(true)
    })
    it('leaves nothing to revoke, also when the node has booted anew and forgotten what it ran', () => {
      const world = backToA()
      const forgotten = { isConnected: () => false, isStarted: () => false, isStale: () => true }
      const events = revokeUnstarted(present(world), forgotten).flat()
      expect(events.flatMap((event) => (event.type === 'GrantsRevoked' ? event.nodes : []))).toEqual([n1])
    })
    it('is granted again when the node is back, also where it was healthy on that content long ago', () => {
      const world = backToA()
      world.free()
      world.settle(() => 'healthy')
      world.advance()
      world.connected.add(n0)
      world.advance()
      world.settle(() => 'healthy')
      world.advance()
      expect(present(world).rollouts.current).toMatchObject({
        type: 'rollback',
        phase: 'completed',
        counts: { healthy: 2 },
      })
      expect([n0, n1].map((node) => world.activated.get(node)?.content)).toEqual([hashOf('a'), hashOf('a')])
    })
    it('makes the node a target of the next rollout, also when nothing ever was healthy on it', () => {
      const world = startWorld({ nodes: nodeIds(2) })
      world.wanted.add(n1)
      bring(world, 'a')
      world.settle(() => 'healthy')
      world.advance()
      bring(world, 'b')
      world.wanted.add(n0)
      world.place()
      world.settle(() => 'healthy')
      world.advance()
      world.settle((node) => (node === n0 ? 'failed' : 'healthy'))
      bring(world, 'c')
      revoke(world, n0)
      world.rollBack(1)
      world.place()
      world.advance()
      expect(present(world).rollouts.current).toMatchObject({
        type: 'rollback',
        targets: expect.arrayContaining([n0, n1]),
      })
    })
  })
  it('is no reason to call a node right that may have activated it: when it is back it is granted anew', () => {
    const world = settledOn('a')
    bring(world, 'b')
    // Back to the first content while the second is open on both: one hears of it, one does not.
    world.connected.delete(n0)
    bring(world, 'a')
    world.settle(() => 'healthy')
    world.advance()
    const { connected } = world
    const facts = { isConnected: (node: NodeId) => connected.has(node), isStarted: () => false, isStale: () => false }
    for (const ev of revokeUnstarted(present(world), facts)) world.append(ev)
    expect(grantOf(world, n0)?.content).toBe(hashOf('a'))
    world.connected.add(n0)
    world.advance()
    expect(slotOf(world, n0)).toBe('open')
  })
  it('keeps its place, however old the documents are, when the node turns out to have started it', () => {
    const world = settledOn('a')
    bring(world, 'b')
    revoke(world, n0)
    const facts = { isStale: () => true }
    expect(freePlaces(present(world), { ...facts, isStarted: () => true })).toEqual([])
    expect(freePlaces(present(world), { ...facts, isStarted: () => false })).toMatchObject([[{ nodes: [n0] }]])
  })
  it('taken back a second time does not hide that the first was begun: the node is granted anew', () => {
    const world = settledOn('a')
    bring(world, 'b')
    revoke(world, n0)
    // It began the second content in the moment in which it fell silent, and is granted the third before it is heard.
    world.activate(n0)
    world.connected.add(n0)
    bring(world, 'c')
    revoke(world, n0)
    world.settle(() => 'healthy')
    world.free()
    bring(world, 'a')
    world.connected.add(n0)
    world.advance()
    expect(world.activated.get(n0)?.content).toBe(hashOf('b'))
    expect(slotOf(world, n0)).toBe('open')
  })
})

describe('an outage of a whole fleet', () => {
  it('is told in parts that fit into the log, and freed in parts', () => {
    const many = nodeIds(2_500)
    const world = startWorld({ nodes: many })
    for (const node of many) world.wanted.add(node)
    world.apply('a', { policy: { strategy: 'immediate' } })
    world.place()
    world.advance()
    const facts = { isConnected: () => false, isStarted: () => false, isStale: () => true }
    const revoked = revokeUnstarted(present(world), facts)
    expect(revoked.map(([event]) => event?.type === 'GrantsRevoked' && event.nodes.length)).toEqual([1000, 1000, 500])
    for (const ev of revoked) world.append(ev)
    expect(present(world).rollouts.revoked.size).toBe(2_500)
    const freed = freePlaces(present(world), facts)
    expect(freed).toHaveLength(3)
    for (const ev of freed) world.append(ev)
    expect(present(world).rollouts.atRisk.size).toBe(0)
  })
})
