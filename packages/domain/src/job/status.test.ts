/** What a job is said to be, from its rollout and from what its nodes say. */
import type { NodeId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, type StoryPolicy, type World } from '../rollout/accounting/world.ts'
import type { ObservedState } from '../execution/observe.ts'
import { deriveJobState } from './status.ts'

const begin = (policy: StoryPolicy = {}, nodes = 4): World => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  world.apply('a', { policy })
  return world
}
const running = (policy?: StoryPolicy): World => {
  const world = begin(policy)
  world.place()
  world.advance()
  return world
}
const finished = (policy?: StoryPolicy): World => {
  const world = running(policy)
  for (let wave = 0; wave < 8; wave += 1) {
    world.settle(() => 'healthy')
    world.advance()
  }
  return world
}
const stateOf = (world: World, observed: Readonly<Record<string, ObservedState>> = {}) =>
  deriveJobState(present(world), {
    isConnected: (node) => world.connected.has(node),
    observed: (node) => observed[node] ?? 'running',
    cause: () => undefined,
  })
const after = (world: World, ...verbs: ('pause' | 'halt' | 'stop' | 'delete')[]): World => {
  for (const verb of verbs) world.command(verb, `said ${verb}`)
  return world
}
const nowhere = (): World => {
  const world = begin({}, 0)
  world.place()
  return world
}
const blind = (): World => {
  const world = running()
  world.switches.sight = { reason: 'site_silent', message: 'site a is silent' }
  world.advance()
  return world
}
const canariesHealthy = (): World => {
  const world = running({ strategy: 'canary' })
  world.settle(() => 'healthy')
  world.advance()
  return world
}
const allOffline = (): World => {
  const world = begin()
  world.connected.clear()
  world.place()
  world.advance()
  return world
}
const expired = (): World => {
  const world = allOffline()
  world.tick(2_000_000)
  world.advance()
  return world
}
const failedFirst = (): World => {
  const world = running()
  world.settle(() => 'failed')
  world.advance()
  return world
}
const rollingBack = (): World => {
  const world = finished({ maxFailedNodes: 0 })
  world.apply('b', { policy: { maxFailedNodes: 0 } })
  world.place()
  world.advance()
  world.settle(() => 'failed')
  world.advance()
  world.place()
  return world
}

describe('a job is', () => {
  it.each<[string, () => World, string, string, string | undefined]>([
    ['pending until it is placed', () => begin(), 'pending', 'accepted', 'evaluation'],
    ['queued where no node matches', nowhere, 'queued', 'no_matching_node', 'a matching node'],
    ['queued while nobody is there', allOffline, 'queued', 'all_nodes_offline', 'a node to connect'],
    ['deploying while waves go on', () => running(), 'deploying', 'rollout_running', 'health of the wave'],
    ['paused by a person', () => after(running(), 'pause'), 'rollout_paused', 'paused', 'resume'],
    ['deploying while canaries wait', canariesHealthy, 'deploying', 'canary_passed', 'promote'],
    ['deploying while nobody sees', blind, 'deploying', 'site_silent', 'sight of nodes'],
    [
      'failed to deploy when halted',
      () => after(running(), 'halt'),
      'rollout_failed',
      'requested',
      'resume, rollback or a new version',
    ],
    [
      'failed to deploy when its budget is used up',
      failedFirst,
      'rollout_failed',
      'budget_exhausted',
      'resume, rollback or a new version',
    ],
    ['failed to deploy when it expired', expired, 'rollout_failed', 'rollout_expired', undefined],
    ['deploying while it goes back', rollingBack, 'deploying', 'rolling_back', 'health of the wave'],
    ['running', () => finished(), 'running', 'all_healthy', undefined],
    ['stopped', () => after(finished(), 'stop'), 'stopped', 'requested', undefined],
    ['deleted', () => after(finished(), 'stop', 'delete'), 'deleted', 'requested', undefined],
  ])('%s', (_, reach, state, reason, waitsFor) => {
    const derived = stateOf(reach())
    expect({ ...derived, waitsFor: derived.waitsFor }).toMatchObject({ state, reason })
    expect(derived.waitsFor).toBe(waitsFor)
  })
  it('deploying while a newer content waits for its plan', () => {
    const world = finished()
    world.apply('b')
    world.place()
    expect(stateOf(world)).toMatchObject({ state: 'deploying', reason: 'rollout_opening', waitsFor: 'plan' })
  })
  it('queued until its rollout expires', () => {
    const world = allOffline()
    const { openedAt = 0 } = present(world).rollouts.current ?? {}
    expect(stateOf(world).until).toBe(openedAt + 1_000_000)
  })
})

describe('at rest a job is', () => {
  const [n0] = nodeIds(1) as [NodeId]
  const everywhere = (is: ObservedState): Record<string, ObservedState> =>
    Object.fromEntries(nodeIds(4).map((node) => [node, is]))
  it.each<[Readonly<Record<string, ObservedState>>, string, string]>([
    [{ [n0]: 'degraded' }, 'degraded', '1 of 4 nodes unhealthy'],
    [{ [n0]: 'failed' }, 'degraded', '1 of 4 nodes unhealthy'],
    [{ [n0]: 'lost' }, 'degraded', '1 of 4 nodes unhealthy'],
    [{ [n0]: 'completed' }, 'running', 'Job running on 3 nodes'],
    [everywhere('completed'), 'completed', 'Completed on 4 nodes'],
    [everywhere('failed'), 'failed', 'Failed on all 4 nodes'],
  ])('%j: %s', (observed, state, message) => expect(stateOf(finished(), observed)).toMatchObject({ state, message }))
  it('running, with those who are deferred beside it', () => {
    const world = begin()
    world.connected.delete(n0)
    world.place()
    for (let wave = 0; wave < 8; wave += 1) {
      world.advance()
      world.settle(() => 'healthy')
    }
    expect(stateOf(world)).toMatchObject({ state: 'running', message: 'Job running on 3 nodes, 1 deferred' })
  })
})
