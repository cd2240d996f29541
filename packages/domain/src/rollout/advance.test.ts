/** How a rollout goes on: steps of its ramp, waves, canaries, joiners, deferred nodes, its end. */
import type { NodeId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { hashOf, nodeIds, present, startWorld, type StoryPolicy, type World } from './accounting/world.ts'

const begin = (nodes: number, policy: StoryPolicy = {}): World => {
  const world = startWorld({ nodes: nodeIds(nodes + 5) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  world.apply('a', { policy })
  world.place()
  return world
}
const one: StoryPolicy = { maxParallel: { unit: 'count', value: 1 } }
const current = (world: World) => present(world).rollouts.current
const joiner = 'n20' as NodeId
const join = (world: World, node: NodeId = joiner): void => {
  world.connected.add(node)
  world.wanted.add(node)
  world.place()
}
const settleAll = (world: World, waves = 12): void => {
  for (let wave = 0; wave < waves; wave += 1) {
    world.advance()
    world.settle(() => 'healthy')
  }
  world.advance()
}

describe('waves', () => {
  it('the next starts in the commit that passes the one before', () => {
    const world = begin(2, one)
    expect(world.advance()).toEqual(['RolloutOpened', 'PlanDrawn', 'PlanCompleted', 'WaveStarted', 'NodesGranted'])
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['WavePassed', 'WaveStarted', 'NodesGranted'])
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['WavePassed', 'RolloutClosed'])
    expect(current(world)?.phase).toBe('completed')
  })
  it('grow inside the first: 2, then 12, then 100 of 1,000 nodes', () => {
    const world = begin(1000)
    const granted = (): number | undefined => {
      world.advance()
      const open = current(world)?.counts.open
      world.settle(() => 'healthy')
      return open
    }
    expect([granted(), granted(), granted(), granted()]).toEqual([2, 10, 88, 100])
  })
  it('a step begins when the last node of the one before has settled', () => {
    const world = begin(1000)
    world.advance()
    const [first, second] = [...present(world).rollouts.grants.keys()] as [NodeId, NodeId]
    world.judge(first, 'healthy')
    expect(world.advance()).toEqual([])
    world.judge(second, 'healthy')
    expect(world.advance()).toEqual(['NodesGranted'])
  })
  it('everybody at once without a ramp when the strategy is immediate', () => {
    const world = begin(100, { strategy: 'immediate' })
    world.advance()
    expect(current(world)?.counts.open).toBe(100)
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ phase: 'running', counts: { failed: 100 } })
  })
  it('no grant while the log is nearly full, and all of them when there is room', () => {
    const world = begin(1)
    world.switches.logFull = true
    expect(world.advance()).not.toContain('NodesGranted')
    world.switches.logFull = false
    expect(world.advance()).toContain('NodesGranted')
  })
})

describe('nodes that cannot be reached', () => {
  it('are deferred, and delay nobody', () => {
    const world = begin(4, one)
    world.connected.delete('n1' as NodeId)
    settleAll(world)
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 3, deferred: 1 } })
    world.connected.add('n1' as NodeId)
    expect(world.advance()).toEqual(['NodesGranted'])
  })
  it('all of them: nothing is granted, and the rollout expires', () => {
    const world = begin(4)
    world.connected.clear()
    expect(world.advance()).not.toContain('NodesGranted')
    world.tick(2_000_000)
    expect(world.advance()).toEqual(['RolloutClosed'])
    expect(current(world)).toMatchObject({ phase: 'expired', counts: { deferred: 4 } })
  })
  it('after it expired get the content by a new rollout only', () => {
    const world = begin(2)
    world.connected.clear()
    world.advance()
    world.tick(2_000_000)
    world.advance()
    for (const node of nodeIds(2)) world.connected.add(node)
    expect(world.advance()).toEqual([])
    world.command('rerun')
    world.place()
    settleAll(world)
    expect(current(world)).toMatchObject({ type: 'restart', phase: 'completed', counts: { healthy: 2 } })
  })
  it('as the only canaries: the rollout waits for one, and expires', () => {
    const world = begin(4, { strategy: 'canary', autoPromote: true })
    world.advance()
    // The canary was there when the plan was drawn, and falls silent before it has begun.
    const [canary] = [...present(world).rollouts.grants.keys()] as [NodeId]
    world.connected.delete(canary)
    world.revoke()
    expect(world.advance()).toEqual([])
    expect(current(world)).toMatchObject({ phase: 'running', wave: 0, counts: { deferred: 1 } })
    world.tick(2_000_000)
    expect(world.advance()).toEqual(['RolloutClosed'])
    expect(current(world)?.phase).toBe('expired')
  })
})

describe('canaries', () => {
  it('that are healthy wait to be promoted', () => {
    const world = begin(10, { strategy: 'canary' })
    world.advance()
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['WavePassed', 'HoldPlaced'])
    expect(current(world)?.holds.canary).toMatchObject({ reason: 'canary_passed' })
  })
  it('that are healthy go on by themselves with auto_promote', () => {
    const world = begin(10, { strategy: 'canary', autoPromote: true })
    world.advance()
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['WavePassed', 'WaveStarted', 'NodesGranted'])
  })
  it('of which one failed wait also with auto_promote', () => {
    const policy = { canary: { unit: 'count' as const, value: 2 }, maxParallel: { unit: 'count' as const, value: 3 } }
    const world = begin(50, { strategy: 'canary', autoPromote: true, ...policy })
    world.advance()
    let failed = 0
    world.settle(() => ((failed += 1) === 1 ? 'failed' : 'healthy'))
    world.advance()
    expect(current(world)?.holds.canary).toMatchObject({ reason: 'canary_failed' })
  })
})

describe('a judge that cannot see', () => {
  it('holds the rollout, and lets it go on when it sees again', () => {
    const world = begin(4, one)
    world.advance()
    world.switches.sight = { reason: 'site_silent', message: 'site a is silent' }
    expect(world.advance()).toEqual(['HoldPlaced'])
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual([])
    world.switches.sight = 'unknown'
    expect(world.advance()).toEqual([])
    world.switches.sight = 'clear'
    expect(world.advance()).toEqual(['HoldLifted', 'WavePassed', 'WaveStarted', 'NodesGranted'])
  })
  it('halts all the same on what was judged before', () => {
    const world = begin(4, one)
    world.advance()
    world.switches.sight = { reason: 'windows_unknown', message: '' }
    world.settle(() => 'failed')
    expect(world.advance()).toEqual(['RolloutHalted'])
  })
})

describe('joiners', () => {
  it('get it after the last wave, under the same budget', () => {
    const world = begin(2, one)
    world.advance()
    join(world)
    settleAll(world, 2)
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 2 } })
    expect(current(world)?.slots.get(joiner)).toBe('open')
  })
  it('are judged after completion: one that fails and leaves no place halts the rollout', () => {
    const world = begin(1, one)
    settleAll(world)
    join(world, 'n20' as NodeId)
    join(world, 'n21' as NodeId)
    expect(world.advance()).toEqual(['NodesGranted'])
    world.settle(() => 'failed')
    // The second joiner is told that it gets nothing from this rollout.
    expect(world.advance()).toEqual(['RolloutHalted', 'NodesDeferred'])
    expect(current(world)?.phase).toBe('halted')
  })
  it('that fail send everybody back to the content before, although the rollout had completed', () => {
    const world = begin(3, { ...one, maxFailedNodes: 0 })
    settleAll(world)
    world.apply('b', { policy: { ...one, maxFailedNodes: 0 } })
    world.place()
    settleAll(world)
    expect(current(world)?.phase).toBe('completed')
    join(world)
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', targets: { length: 4 } })
    settleAll(world)
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 4 } })
  })
  it('are waited for when every target has gone meanwhile', () => {
    const world = begin(1, {
      ...one,
      maxFailedNodesPercent: 100,
      analysis: 'off',
      maxParallel: { unit: 'count', value: 2 },
    })
    world.advance()
    world.settle(() => 'failed')
    join(world)
    world.advance()
    expect(current(world)).toMatchObject({ phase: 'running', counts: { open: 1, failed: 1 } })
    world.wanted.delete('n0' as NodeId)
    world.place()
    expect(world.advance()).toEqual([])
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['RolloutClosed'])
  })
})

describe('the end', () => {
  it('of a rollout with zero targets is at once, and empty', () => {
    const world = begin(0)
    expect(world.advance()).toEqual(['RolloutOpened', 'PlanCompleted', 'RolloutClosed'])
    expect(present(world).rollouts.proven).toEqual([])
  })
  it('of a rollout whose targets are all removed is completion, which proves nothing', () => {
    const world = begin(3, one)
    world.advance()
    world.wanted.clear()
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { removed: 1 } })
    expect(present(world).rollouts.proven).toEqual([])
  })
})

describe('places that earlier failures take', () => {
  /** Six nodes, one place; one of them failed on the first content and fell silent. */
  const withADeadNode = (): { world: World; dead: NodeId } => {
    const world = begin(6, { maxFailedNodesPercent: 100, analysis: 'off', autoRollback: false })
    world.advance()
    const [dead] = [...present(world).rollouts.grants.keys()] as [NodeId]
    world.judge(dead, 'failed')
    world.advance()
    world.connected.delete(dead)
    world.apply('b', { policy: { autoRollback: false } })
    world.place()
    return { world, dead }
  }
  it('hold the next rollout, and say who takes them', () => {
    const { world, dead } = withADeadNode()
    expect(world.advance()).toContain('HoldPlaced')
    expect(current(world)?.holds.budget?.message).toBe(`Nodes that failed before take all 1 places: ${dead}`)
    expect(current(world)?.phase).toBe('running')
    world.tick(10_000_000)
    expect(world.advance()).toEqual([])
  })
  it('are free when the node is back: it is granted first', () => {
    const { world, dead } = withADeadNode()
    world.advance()
    world.connected.add(dead)
    expect(world.advance()).toEqual(['HoldLifted', 'NodesGranted'])
    expect(present(world).rollouts.grants.get(dead)?.content).toBe(hashOf('b'))
  })
  it('are free when the node is removed', () => {
    const { world, dead } = withADeadNode()
    world.advance()
    world.wanted.delete(dead)
    world.place()
    expect(world.advance()).toContain('NodesGranted')
  })
  it('are free when a person goes on without the node', () => {
    const { world, dead } = withADeadNode()
    world.advance()
    expect(world.command('resume').ok).toBe(true)
    expect(world.advance()).toContain('NodesGranted')
    expect(present(world).rollouts.grants.get(dead)?.writtenOff).toBe(true)
    settleAll(world)
    expect(current(world)?.phase).toBe('completed')
  })
})

describe('a canary wave', () => {
  it('of which nobody is left waits for a person, because it proves nothing', () => {
    const world = begin(6, { strategy: 'canary' })
    world.advance()
    const [canary] = [...present(world).rollouts.grants.keys()] as [NodeId]
    world.wanted.delete(canary)
    world.place()
    expect(world.advance()).toContain('HoldPlaced')
    expect(current(world)?.holds.canary?.reason).toBe('canary_removed')
    world.command('promote')
    settleAll(world)
    expect(current(world)?.phase).toBe('completed')
  })
})

describe('an immediate rollout of which nobody is healthy', () => {
  const failedEverywhere = (): World => {
    const world = begin(3, { strategy: 'immediate' })
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    return world
  }
  const someone = (world: World): NodeId => [...present(world).rollouts.grants.keys()][0] as NodeId
  it('waits for the deadline of its nodes, because what failed runs on and may recover', () => {
    const world = failedEverywhere()
    world.tick(50_000)
    expect(world.advance()).toEqual([])
    world.judge(someone(world), 'healthy', 'recovered')
    expect(world.advance()).toEqual(['RolloutClosed'])
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 1, failed: 2 } })
  })
  it('ends then with its cause, rolls nothing back and stops nobody', () => {
    const world = failedEverywhere()
    world.tick(61_000)
    expect(world.advance()).toEqual(['RolloutHalted'])
    expect(current(world)?.halted).toMatchObject({
      reason: 'none_healthy',
      message: expect.stringContaining('an immediate rollout goes back to nothing by itself'),
    })
    expect([...present(world).rollouts.grants.values()].filter(({ stopped }) => stopped === true)).toEqual([])
    // A late recovery is shown, and revives nothing.
    world.judge(someone(world), 'healthy', 'recovered')
    expect(world.advance()).toEqual([])
    expect(current(world)).toMatchObject({ phase: 'halted', counts: { healthy: 1, failed: 2 } })
    world.command('resume')
    world.advance()
    expect(current(world)?.phase).toBe('completed')
  })
  it('ends at once when none of them will try again', () => {
    const world = failedEverywhere()
    world.switches.allEnded = true
    expect(world.advance()).toEqual(['RolloutHalted'])
  })
  it('waits for nobody while a person holds it', () => {
    const world = failedEverywhere()
    world.command('pause')
    world.tick(500_000)
    expect(world.advance()).toEqual([])
    world.command('resume')
    world.tick(50_000)
    expect(world.advance()).toEqual([])
    world.tick(11_000)
    expect(world.advance()).toEqual(['RolloutHalted'])
  })
  it('waits for who could not be reached, until it expires', () => {
    const world = begin(2, { strategy: 'immediate' })
    world.connected.delete('n0' as NodeId)
    world.advance()
    world.settle(() => 'failed')
    world.tick(100_000)
    expect(world.advance()).toEqual(['WavePassed'])
    world.tick(1_000_000)
    expect(world.advance()).toEqual(['RolloutClosed'])
    expect(current(world)?.phase).toBe('expired')
  })
})

describe('a rollout of which nobody is healthy', () => {
  it('halts when nobody is left to be granted, whatever its limits tolerate', () => {
    const world = begin(2, {
      maxFailedNodesPercent: 100,
      analysis: 'off',
      maxParallel: { unit: 'percent', value: 100 },
    })
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)).toMatchObject({ phase: 'halted', halted: { reason: 'none_healthy' } })
  })
  it('halts again at once when a person resumes it with nobody left', () => {
    const world = begin(1)
    world.advance()
    world.settle(() => 'failed')
    world.advance()
    world.command('resume')
    expect(world.advance()).toContain('RolloutHalted')
  })
})
