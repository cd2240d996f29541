/** Every row of the table of job states in the job model: what a job is said to be, and with which counts. */
import { parseSelector, type NodeId } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, type World } from '../rollout/accounting/world.ts'
import type { ObservedState } from '../execution/observe.ts'
import type { NodeFacts } from '../node/facts.ts'
import { evaluatePlacement, recordPlacement } from '../placement/evaluate.ts'
import { foldJobCommit } from './evolve.ts'
import { deriveJobState, stateDiffers, type DerivedState } from './status.ts'

const [n0, n1] = nodeIds(4) as [NodeId, NodeId]
const finished = (spec: object = {}): World => {
  const world = startWorld({ nodes: nodeIds(4) })
  for (const node of nodeIds(4)) world.wanted.add(node)
  world.apply('a', {})
  // The stories of rollouts know no types of jobs; this table does.
  ;(present(world).versions as { spec: object }).spec = { ...present(world).versions.spec, ...spec }
  world.place()
  for (let wave = 0; wave < 8; wave += 1) {
    world.advance()
    world.settle(() => 'healthy')
  }
  world.advance()
  return world
}
const derive = (world: World, observed: Readonly<Record<string, ObservedState>> = {}): DerivedState =>
  deriveJobState(present(world), {
    isConnected: (node) => world.connected.has(node),
    observed: (node) => observed[node] ?? 'running',
    cause: () => undefined,
  })
let seq = 50_000
const note = (world: World, derived: DerivedState): void => {
  const ev = [{ type: 'JobStateChanged' as const, ...derived }]
  foldJobCommit(world.job, { s: 1, v: 1, cmd: '~', by: 'service:scheduler', at: 1, ev }, (seq += 1))
}
const everywhere = (is: ObservedState): Record<string, ObservedState> =>
  Object.fromEntries(nodeIds(4).map((node) => [node, is]))
const BATCH = { type: 'process', restart_policy: 'never' }
const DAEMON = { type: 'process', restart_policy: 'on-failure' }

describe('queued: evaluated, no node can take it', () => {
  const selector = parseSelector({ match_labels: { env: 'a' } })
  const facts = (id: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
    id: id as NodeId,
    labels: { env: 'a' },
    drivers: ['process'],
    scheduling: 'open',
    removed: false,
    connected: true,
    resources: { cpus: 2, memoryBytes: 1024 ** 3 },
    ...more,
  })
  it('with the counts of every reason', () => {
    if (!selector.ok) throw new Error('no selector')
    const world = startWorld({ nodes: [] })
    world.apply('a', {})
    const demand = { selector: selector.selector, type: 'process', resources: { memory: 1024 ** 3 } }
    const fleet = [
      facts('a', { labels: {} }),
      facts('b', { scheduling: 'cordoned' }),
      facts('c', { scheduling: 'draining' }),
      facts('d', { scheduling: 'draining', staying: new Set(['default/other']) }),
      facts('e', { drivers: ['pipeline'] }),
      facts('f', { resources: { cpus: 2, memoryBytes: 1024 } }),
      facts('g', { capabilities: [] }),
      facts('h', { removed: true }),
    ]
    const difference = evaluatePlacement(new Set(), demand, fleet)
    const evaluation = { id: '01J00000000000000000000009' as never, trigger: 'job_created' as const, version: 1 }
    for (const ev of recordPlacement(world.job, difference, evaluation, () => 'h' as never))
      foldJobCommit(world.job, { s: 1, v: 1, cmd: '~', by: 'service:scheduler', at: 1, ev }, (seq += 1))
    const derived = derive(world)
    expect([derived.state, derived.reason]).toEqual(['queued', 'no_matching_node'])
    expect(derived.details).toEqual({ selector: 1, cordoned: 1, drained: 2, capability: 2, capacity: 1, removed: 1 })
    expect(derived.message).toContain('2 by drained')
    note(world, derived)
    // The same answer is not written again, another one is.
    expect(recordPlacement(world.job, difference, evaluation, () => 'h' as never)).toEqual([])
    const fewer = evaluatePlacement(new Set(), demand, fleet.slice(1))
    expect(recordPlacement(world.job, fewer, evaluation, () => 'h' as never)).toHaveLength(1)
  })
  it('with the number of those who are offline, beside those who were left out', () => {
    const world = startWorld({ nodes: nodeIds(4) })
    for (const node of nodeIds(4)) world.wanted.add(node)
    world.connected.clear()
    world.apply('a', {})
    world.place()
    world.advance()
    expect(derive(world)).toMatchObject({ state: 'queued', reason: 'all_nodes_offline', details: { offline: 4 } })
  })
})

describe('degraded: some are unhealthy, crash-looping or lost', () => {
  it.each(['degraded', 'lost', 'failed', 'stopped'] as const)('one is %s', (is) =>
    expect(derive(finished(DAEMON), { [n0]: is }).state).toBe('degraded'),
  )
})

describe('completed', () => {
  it('is a batch job of which every target succeeded, and a daemon whose input ended well everywhere', () => {
    for (const spec of [BATCH, DAEMON]) {
      expect(derive(finished(spec), everywhere('completed')).state).toBe('completed')
      expect(derive(finished(spec), { ...everywhere('completed'), [n0]: 'running' }).state).toBe('running')
    }
  })
  it('is terminal for its version', () => {
    const world = finished(BATCH)
    const completed = derive(world, everywhere('completed'))
    note(world, completed)
    for (const later of [everywhere('lost'), everywhere('running'), { [n0]: 'failed' as const }]) {
      expect(derive(world, later)).toEqual(completed)
      expect(stateDiffers(present(world), derive(world, later))).toBe(false)
    }
    world.apply('b', {})
    expect(derive(world, everywhere('running')).state).toBe('pending')
  })
  it('is not final while somebody has still to come back', () => {
    const world = finished(BATCH)
    note(world, { state: 'completed', reason: 'all_completed', message: 'so far', details: { deferred: 1 } })
    expect(derive(world, { [n0]: 'running' }).state).toBe('running')
  })
})

describe('failed', () => {
  it('is a batch job of which one target has failed for good', () => {
    expect(derive(finished(BATCH), { [n0]: 'failed' })).toMatchObject({
      state: 'failed',
      reason: 'target_failed',
      message: 'Failed on 1 of 4 nodes',
    })
    expect(derive(finished(BATCH), { ...everywhere('completed'), [n0]: 'failed' }).state).toBe('failed')
  })
  it('is a daemon of which no target is left that could become healthy', () => {
    expect(derive(finished(DAEMON), everywhere('failed'))).toMatchObject({ state: 'failed', reason: 'all_failed' })
    for (const one of ['running', 'degraded', 'lost', 'completed'] as const)
      expect(derive(finished(DAEMON), { ...everywhere('failed'), [n1]: one }).state).toBe('degraded')
  })
})

describe('a crash-looping execution that failed its validation may still become healthy', () => {
  it('so its job is degraded', () => {
    const world = finished(DAEMON)
    for (const grant of present(world).rollouts.grants.values())
      grant.verdict = { is: 'failed', reason: 'failure_threshold', at: 1, window: 3, evidence: [] }
    expect(derive(world, everywhere('degraded')).state).toBe('degraded')
  })
})
