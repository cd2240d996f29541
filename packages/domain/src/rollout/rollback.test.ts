/** What a failed rollout goes back to, on which nodes, and what an update in the middle of it all does. */
import type { NodeId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { desiredExecution } from '../desired/build.ts'
import { hashOf, nodeIds, present, startWorld, type StoryPolicy, type World } from './accounting/world.ts'
import { rollbackTarget } from './commands.ts'
import { PROVEN_KEPT } from './state.ts'

/** The first content everywhere, healthy. */
const healthyOn = (nodes: number, policy: StoryPolicy = {}): World => {
  const world = startWorld({ nodes: nodeIds(nodes + 2) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  bring(world, 'a', policy)
  finish(world)
  return world
}
const bring = (world: World, content: string, policy: StoryPolicy = {}): void => {
  world.apply(content, { policy })
  world.place()
  world.advance()
}
const finish = (world: World, outcome: 'healthy' | 'failed' = 'healthy'): void => {
  for (let wave = 0; wave < 20; wave += 1) {
    world.settle(() => outcome)
    world.advance()
  }
}
/** The second content fails on the first two nodes that it is brought to. */
const failed = (world: World, policy: StoryPolicy = {}): World => {
  bring(world, 'b', policy)
  world.settle(() => 'failed')
  world.advance()
  return world
}
const current = (world: World) => present(world).rollouts.current
const granted = (world: World, content: string): ReadonlySet<NodeId> =>
  new Set(
    world.log.flatMap(({ ev }) =>
      ev.flatMap((event) =>
        event.type === 'NodesGranted' && event.content === hashOf(content) ? event.grants.map(([node]) => node) : [],
      ),
    ),
  )

describe('a rollout that fails', () => {
  it('halts, makes a new version and opens its rollback in one commit', () => {
    const world = failed(healthyOn(20))
    const commit = world.log.find(({ ev }) => ev.some(({ type }) => type === 'RolloutHalted'))
    expect(commit?.ev).toMatchObject([
      { type: 'RolloutHalted', reason: 'analysis', message: expect.stringContaining('rolling back to version 1') },
      { type: 'JobUpdated', version: 3, rolledBackFrom: 2, rolledBackTo: 1, content: hashOf('a') },
      { type: 'RolloutOpened', rolloutType: 'rollback', policy: { autoRollback: false } },
      { type: 'PlanDrawn' },
      { type: 'PlanCompleted', count: 2 },
    ])
  })
  it('sends back exactly the nodes it was granted to, the failed ones first', () => {
    const world = healthyOn(30)
    bring(world, 'b')
    const [first, second] = [...granted(world, 'b')] as [NodeId, NodeId]
    world.judge(first, 'healthy')
    world.judge(second, 'failed')
    world.advance()
    const third = [...granted(world, 'b')][2] as NodeId
    world.judge(third, 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', already: 27 })
    expect(new Set(current(world)?.targets.slice(0, 2))).toEqual(new Set([second, third]))
    expect(current(world)?.targets.slice(2)).toEqual([first])
    finish(world)
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 3 } })
    expect([...world.activated.values()].every(({ content }) => content === hashOf('a'))).toBe(true)
  })
  it('sends back also while it is paused', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    world.command('pause')
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)?.type).toBe('rollback')
  })
  it('keeps the labels and the rollout block of the present spec', () => {
    const world = healthyOn(20)
    world.apply('b', { labels: { of: 'today' }, policy: { maxFailedNodes: 1 } })
    world.place()
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    expect(present(world).versions.spec).toMatchObject({ config: 'a', labels: { of: 'today' } })
  })
  it.each<[string, string, StoryPolicy]>([
    ['without anything proven', 'no version is proven yet', {}],
    ['where that is switched off', 'automatic rollback is switched off', { autoRollback: false }],
  ])('stays halted %s', (_, why, policy) => {
    const world = startWorld({ nodes: nodeIds(20) })
    for (const node of nodeIds(20)) world.wanted.add(node)
    bring(world, 'a', policy)
    world.settle(() => 'failed')
    expect(world.advance()).toEqual(['RolloutHalted'])
    expect(current(world)?.halted?.message).toContain(why)
  })
  it('touches nobody who was never granted: who joins in between gets the good content afterwards', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    const joiner = 'n20' as NodeId
    world.wanted.add(joiner)
    world.place()
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)?.targets).toHaveLength(2)
    expect(current(world)?.slots.has(joiner)).toBe(false)
    finish(world)
    expect(world.activated.get(joiner)?.content).toBe(hashOf('a'))
    expect(granted(world, 'b').has(joiner)).toBe(false)
  })
})

describe('a rollback', () => {
  it('that fails stays halted, and says that a person is needed', () => {
    const world = healthyOn(20, { maxFailedNodes: 0 })
    bring(world, 'b', { maxFailedNodes: 0 })
    const [bad] = [...granted(world, 'b')] as [NodeId]
    world.judge(bad, 'failed')
    world.advance()
    // One that was well on the new content is not well on the old one any more.
    world.settle((node) => (node === bad ? 'healthy' : 'failed'))
    world.advance()
    world.settle((node) => (node === bad ? 'healthy' : 'failed'))
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', phase: 'halted' })
    expect(current(world)?.halted?.message).toContain('it is a rollback itself')
    expect(world.advance()).toEqual([])
  })
  it('of what was granted to nobody is done at once', () => {
    const world = healthyOn(4)
    world.connected.clear()
    bring(world, 'b')
    world.rollBack()
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', phase: 'completed', targets: [] })
    expect(granted(world, 'b').size).toBe(0)
  })
  it('grants also while the log is nearly full', () => {
    const world = failed(healthyOn(20))
    expect(current(world)).toMatchObject({ type: 'rollback', counts: { open: 2 } })
    const full = healthyOn(20)
    bring(full, 'b')
    full.switches.logFull = true
    full.settle(() => 'failed')
    full.advance()
    expect(current(full)).toMatchObject({ type: 'rollback', counts: { open: 2 } })
  })
  it('and the same update again end as the update alone', () => {
    const again = failed(healthyOn(20))
    finish(again)
    bring(again, 'b')
    finish(again)
    const alone = healthyOn(20)
    bring(alone, 'b')
    finish(alone)
    const contents = (world: World) => new Map([...world.activated].map(([node, { content }]) => [node, content]))
    expect(contents(again)).toEqual(contents(alone))
  })
})

describe('what is proven', () => {
  const proven = (world: World) => present(world).rollouts.proven.map(({ content }) => content[0])
  it('is what a completed rollout brought to a healthy node, the latest last', () => {
    const world = healthyOn(4)
    bring(world, 'b')
    finish(world)
    expect(proven(world)).toEqual(['a', 'b'])
    bring(world, 'a')
    finish(world)
    expect(proven(world)).toEqual(['b', 'a'])
  })
  it('is no longer what has failed: the rollback goes to the one before', () => {
    const world = healthyOn(4, { maxFailedNodes: 0 })
    bring(world, 'b', { maxFailedNodes: 0 })
    finish(world)
    world.wanted.add('n4' as NodeId)
    world.place()
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    expect(proven(world)).toEqual(['a'])
    expect(current(world)).toMatchObject({ type: 'rollback', content: hashOf('a') })
  })
  it('stays what a person halted', () => {
    const world = healthyOn(4)
    world.command('rerun')
    world.place()
    world.advance()
    world.command('halt')
    expect(proven(world)).toEqual(['a'])
  })
  it('is remembered for a few contents only', () => {
    const world = healthyOn(2)
    for (const content of 'bcdefg') {
      bring(world, content)
      finish(world)
    }
    expect(proven(world)).toEqual(['d', 'e', 'f', 'g'])
    expect(proven(world)).toHaveLength(PROVEN_KEPT)
  })
})

describe('an update during a rollout', () => {
  it('stops the old one at once: nothing of it is granted, and it is not rolled back over the new version', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    world.apply('c')
    world.settle(() => 'failed')
    // The scheduler has not placed the new version yet.
    expect(world.advance()).toEqual([])
    expect(granted(world, 'b').size).toBe(2)
    world.place()
    expect(world.advance().slice(0, 2)).toEqual(['RolloutClosed', 'RolloutOpened'])
    expect(present(world).rollouts.past.at(-1)).toMatchObject({ version: 2, phase: 'superseded' })
    expect(granted(world, 'b').size).toBe(2)
  })
  it('serves whom the old one left at risk first, under the same budget', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    const left = granted(world, 'b')
    bring(world, 'c')
    expect(new Set(current(world)?.targets.slice(0, 2))).toEqual(left)
    expect(granted(world, 'c')).toEqual(left)
    expect(present(world).rollouts.atRisk.size).toBe(2)
  })
  it('back to the content before takes those along that had left it, and nobody else', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    const left = granted(world, 'b')
    bring(world, 'a')
    expect(current(world)).toMatchObject({ type: 'update', already: 18 })
    expect(new Set(current(world)?.targets)).toEqual(left)
  })
  it('of labels only opens nothing, and the rollout goes on', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    const before = current(world)?.id
    world.apply('b', { labels: { of: 'today' } })
    world.place()
    finish(world)
    expect(current(world)).toMatchObject({ id: before, phase: 'completed', version: 2 })
    expect(present(world).versions.version).toBe(3)
  })
  it('goes back, when it fails, to what was proven before both', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    bring(world, 'c', { maxFailedNodes: 0 })
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', version: 4, content: hashOf('a') })
  })
})

describe('an execution that failed in a rollout that halted', () => {
  const key = { namespace: 'default', name: 'job' }
  const desiredOn = (world: World, node: NodeId) => desiredExecution(key, present(world), node, 0)?.desired
  it('stays stopped when a newer rollout opens, until something else is granted there', () => {
    const world = failed(healthyOn(20), { autoRollback: false })
    const [broken] = [...granted(world, 'b')] as [NodeId]
    expect(desiredOn(world, broken)).toBe('stopped')
    world.connected.delete(broken)
    bring(world, 'c')
    expect(present(world).rollouts.grants.get(broken)?.content).toBe(hashOf('b'))
    expect(desiredOn(world, broken)).toBe('stopped')
    world.connected.add(broken)
    world.advance()
    expect(desiredOn(world, broken)).toBe('running')
  })
  it('cannot recover any more', () => {
    const world = failed(healthyOn(20), { autoRollback: false })
    const [broken] = [...granted(world, 'b')] as [NodeId]
    world.judge(broken, 'healthy', 'recovered')
    expect(present(world).rollouts.atRisk.has(broken)).toBe(true)
  })
})

describe('a rerun', () => {
  it('of what was never proven rolls back like an update', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    world.command('rerun')
    world.place()
    world.advance()
    expect(current(world)?.type).toBe('restart')
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', content: hashOf('a') })
  })
})

describe('what is proven', () => {
  it('includes what joiners of a rollout without targets turned out well on', () => {
    const world = startWorld({ nodes: nodeIds(4) })
    bring(world, 'a')
    expect(current(world)?.phase).toBe('completed')
    for (const node of nodeIds(4)) world.wanted.add(node)
    world.place()
    world.advance()
    world.settle(() => 'healthy')
    expect(present(world).rollouts.proven.map(({ content }) => content)).toEqual([hashOf('a')])
  })
})

describe('a person who asks for a rollback without naming a version', () => {
  it('is told when the job was rolled back already: going back further has to be said', () => {
    const world = healthyOn(20)
    bring(world, 'b')
    finish(world)
    failed(world, {})
    bring(world, 'c')
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)?.type).toBe('rollback')
    expect(rollbackTarget(present(world))).toMatchObject({ is: 'rolled_back' })
    expect(rollbackTarget(present(world), 1)).toMatchObject({ is: 'found', version: 1 })
  })
})

describe('a rollback to what was never proven', () => {
  it('goes up the ramp like an update', () => {
    const world = healthyOn(100)
    bring(world, 'b', { autoRollback: false })
    world.settle(() => 'failed')
    world.advance()
    bring(world, 'c', { autoRollback: false })
    finish(world)
    world.rollBack(2)
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', content: hashOf('b'), counts: { open: 2 } })
  })
})
