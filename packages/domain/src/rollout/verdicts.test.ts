/** Which verdicts are recorded, and what they do to the accounting. */
import type { NodeId, Verdict } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, type StoryPolicy, type World } from './accounting/world.ts'
import { recordVerdicts } from './verdicts.ts'

const [n0, n1] = nodeIds(2) as [NodeId, NodeId]
const everybody: StoryPolicy = { maxParallel: { unit: 'count', value: 0 }, analysis: 'off', maxFailedNodesPercent: 100 }
const running = (sick: readonly NodeId[] = [], policy: StoryPolicy = everybody): World => {
  const world = startWorld({ nodes: nodeIds(2) })
  for (const node of nodeIds(2)) world.wanted.add(node)
  for (const node of sick) world.sick.add(node)
  world.apply('a', { policy })
  world.place()
  world.advance()
  return world
}
const current = (world: World) => present(world).rollouts.current
const verdict = (world: World, node: NodeId, is: Verdict['verdict'], more: Partial<Verdict> = {}): Verdict => ({
  node,
  execution: present(world).rollouts.grants.get(node)?.execution as Verdict['execution'],
  generation: [0, 1],
  verdict: is,
  reason: 'test',
  window: 1,
  evidence: [],
  ...more,
})
const record = (world: World, ...verdicts: Verdict[]): number => {
  const commits = recordVerdicts(world.job, verdicts)
  for (const ev of commits) world.append(ev)
  return commits.flat().reduce((sum, event) => sum + (event.type === 'VerdictsReached' ? event.verdicts.length : 0), 0)
}

describe('a verdict', () => {
  it('counts once: what is said later of a healthy node changes nothing', () => {
    const world = running()
    expect(record(world, verdict(world, n0, 'healthy'))).toBe(1)
    expect(record(world, verdict(world, n0, 'healthy'))).toBe(0)
    expect(record(world, verdict(world, n0, 'failed'))).toBe(0)
    expect(current(world)?.counts).toMatchObject({ healthy: 1, failed: 0 })
  })
  it('counts once in one batch too', () => {
    const world = running()
    expect(record(world, verdict(world, n0, 'healthy'), verdict(world, n0, 'failed'))).toBe(1)
    expect(current(world)).toMatchObject({ counts: { healthy: 1, failed: 0 }, evidence: { settled: 1, failed: 0 } })
  })
  it('about an execution that is not the latest of its node is dropped', () => {
    const world = running()
    const old = verdict(world, n0, 'failed')
    record(world, verdict(world, n0, 'healthy'), verdict(world, n1, 'healthy'))
    world.advance()
    world.apply('b', { policy: everybody })
    world.place()
    world.advance()
    expect(record(world, old)).toBe(0)
    expect(record(world, verdict(world, 'nobody' as NodeId, 'failed'))).toBe(0)
  })
  it('of a job that was stopped is dropped', () => {
    const world = running()
    const late = verdict(world, n0, 'failed')
    world.command('stop')
    expect(record(world, late)).toBe(0)
  })
  it('is recorded while the rollout is held or halted: judging goes on', () => {
    const world = running()
    world.command('pause')
    expect(record(world, verdict(world, n0, 'healthy'))).toBe(1)
    world.command('halt')
    expect(record(world, verdict(world, n1, 'failed'))).toBe(1)
    expect(current(world)?.counts).toMatchObject({ healthy: 1, failed: 1 })
  })
})

describe('a failed node', () => {
  it('is at risk until it has recovered; its failure stays evidence', () => {
    const world = running()
    record(world, verdict(world, n0, 'failed'))
    expect(present(world).rollouts.atRisk.has(n0)).toBe(true)
    expect(record(world, verdict(world, n0, 'healthy', { reason: 'recovered' }))).toBe(1)
    expect(present(world).rollouts.atRisk.has(n0)).toBe(false)
    expect(current(world)).toMatchObject({ counts: { healthy: 1, failed: 0 }, evidence: { settled: 1, failed: 1 } })
  })
  it('that fell silent after it started stands as lost, and counts as failed', () => {
    const world = running()
    record(world, verdict(world, n0, 'failed', { reason: 'lost_after' }))
    expect(current(world)).toMatchObject({ counts: { lost: 1, failed: 0 }, evidence: { failed: 1 } })
    expect(present(world).rollouts.atRisk.has(n0)).toBe(true)
  })
  it('that was unhealthy before is no evidence; its recovery is shown', () => {
    const world = running([n0])
    record(world, verdict(world, n0, 'failed'))
    expect(current(world)).toMatchObject({ counts: { failed: 1 }, evidence: { settled: 0, excluded: 1 } })
    record(world, verdict(world, n0, 'healthy', { reason: 'recovered' }))
    expect(current(world)).toMatchObject({ counts: { healthy: 1 }, evidence: { settled: 0 } })
  })
  it('counts when every target was unhealthy before: else there were nothing to judge by', () => {
    const world = running([n0, n1])
    record(world, verdict(world, n0, 'failed'))
    expect(current(world)?.evidence).toMatchObject({ settled: 1, failed: 1, excluded: 0 })
  })
})

it('two failures of the first two nodes halt by analysis, one does not', () => {
  const world = running([], { maxParallel: { unit: 'count', value: 2 }, maxFailedNodesPercent: 100 })
  record(world, verdict(world, n0, 'failed'))
  expect(world.advance()).toEqual([])
  record(world, verdict(world, n1, 'failed'))
  expect(world.advance()).toEqual(['RolloutHalted'])
  expect(current(world)?.halted).toMatchObject({
    reason: 'analysis',
    evidence: { settled: 2, failed: 2, e: expect.closeTo(85, 6), p0: 0.05, haltAt: 20 },
  })
})
