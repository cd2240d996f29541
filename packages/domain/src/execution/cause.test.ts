/** What people are told when executions fail: the cause that most nodes have, not the budget that it used up. */
import type { NodeId, Sha256, Transition } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { deriveJobState, statusFacts } from '../job/status.ts'
import { nodeIds, present, startWorld, type StoryPolicy, type World } from '../rollout/accounting/world.ts'
import { causeText, failureCause } from './cause.ts'
import { noReports, type NodeReports } from './state.ts'

type Said = Partial<Pick<Transition, 'state' | 'error' | 'content'>>
const missing = { code: 'missing_secret', message: 'The node has no secret db/password.', hint: 'Put it there.' }

const begin = (nodes: number, policy: StoryPolicy = {}): World => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  world.apply('a', { policy })
  world.place()
  world.advance()
  return world
}

/** The nodes' own words of what they were granted; what is kept from an earlier call stays known. */
const say = (world: World, words: Readonly<Record<string, Said>>, reports = new Map<NodeId, NodeReports>()) => {
  for (const [node, grant] of present(world).rollouts.grants) {
    const said = words[node]
    if (said === undefined) continue
    const known = reports.get(node) ?? noReports()
    known.executions.set(grant.execution, {
      execution: grant.execution,
      job: { namespace: 'default', name: 'a' },
      generation: [0, grant.seq],
      content: grant.content,
      state: 'failed',
      attempt: 1,
      at: 1,
      ...said,
    })
    reports.set(node, known)
  }
  return { reports: (node: NodeId) => reports.get(node), known: reports }
}
const stateOf = (world: World, { reports }: ReturnType<typeof say>) =>
  deriveJobState(present(world), {
    ...statusFacts(present(world), { node: () => undefined, reports }),
    isConnected: () => true,
  })
const contentOf = (world: World): Sha256 => present(world).versions.content
const [n0, n1, n2] = nodeIds(3) as [NodeId, NodeId, NodeId]

describe('the cause of a failure', () => {
  it('is told where a rollout halts, with how many nodes gave it', () => {
    const world = begin(1)
    world.settle(() => 'failed')
    world.advance()
    const told = stateOf(world, say(world, { [n0]: { error: missing } }))
    expect(told.state).toBe('rollout_failed')
    expect(told.message).toMatch(/; cause on 1 node: missing_secret: The node has no secret db\/password\.$/)
  })

  it('stays known when the halt has stopped what failed', () => {
    const world = begin(1)
    world.settle(() => 'failed')
    world.advance()
    const told = stateOf(world, say(world, { [n0]: { state: 'stopped', error: missing } }))
    expect(told.message).toContain('cause on 1 node: missing_secret')
  })

  it('is told while the job goes back to what was well', () => {
    const world = begin(1, { maxFailedNodes: 0 })
    for (let wave = 0; wave < 3; wave += 1) {
      world.settle(() => 'healthy')
      world.advance()
    }
    world.apply('b', { policy: { maxFailedNodes: 0 } })
    world.place()
    world.advance()
    const { known } = say(world, { [n0]: { error: missing } })
    for (let round = 0; round < 3 && present(world).rollouts.current?.type !== 'rollback'; round += 1) {
      world.settle(() => 'failed')
      world.advance()
      world.place()
      world.advance()
    }
    world.advance()
    const told = stateOf(world, say(world, { [n0]: { state: 'starting' } }, known))
    expect(told).toMatchObject({ state: 'deploying', reason: 'rolling_back' })
    expect(told.message).toMatch(/^Rolling back: 0 of 1 healthy; cause on 1 node: missing_secret: /)
  })

  it('is the one of most nodes, and among equals the same for every reader', () => {
    const world = begin(3, { strategy: 'immediate' })
    const other = { code: 'command_not_found', message: 'There is no command x.' }
    const asked = (words: Record<string, Said>) =>
      failureCause(present(world), contentOf(world), say(world, words), 'all')
    const none = { state: 'running' } as const
    expect(asked({ [n0]: none, [n1]: none })).toBeUndefined()
    expect(asked({ [n0]: { error: missing }, [n1]: { error: other }, [n2]: { error: missing } })).toEqual({
      ...missing,
      nodes: 2,
    })
    expect(asked({ [n0]: { error: missing }, [n1]: { error: other } })).toMatchObject({ ...other, nodes: 1 })
    expect(asked({ [n1]: { error: missing }, [n0]: { error: other } })).toMatchObject({ ...other, nodes: 1 })
  })

  it('says nothing of another content, or of what may still start well', () => {
    const world = begin(1)
    const { reports } = say(world, { [n0]: { state: 'degraded', error: missing } })
    expect(failureCause(present(world), contentOf(world), { reports }, 'all')).toBeUndefined()
    const ended = say(world, { [n0]: { error: missing } })
    expect(failureCause(present(world), 'f'.repeat(64) as Sha256, ended)).toBeUndefined()
  })

  it('is one line, however much the node said', () => {
    const text = causeText({ code: 'exited', message: `a\nb ${'x'.repeat(900)}`, nodes: 2 })
    expect(text).toMatch(/^cause on 2 nodes: exited: a b x+\.\.\.$/)
    expect(text.length).toBeLessThan(400)
  })
})

describe('a job that no node can take', () => {
  it.each([
    [{ type: 'container' }, '(no driver for container jobs: no Docker or Podman was found)'],
    [{ type: 'process', resources: { memory: 1 } }, '(they cannot limit what the job asks for)'],
  ])('%j says what they lack', (spec, words) => {
    const world = begin(1)
    const job = present(world)
    const { last } = job.placement
    const alone = {
      ...job,
      versions: { ...job.versions, spec },
      placement: { ...job.placement, nodes: new Set<NodeId>(), last: { ...last!, leftOut: { capability: 3 } } },
    }
    const told = deriveJobState(alone, statusFacts(alone, { node: () => undefined, reports: () => undefined }))
    expect(told.message).toBe(`No node can take the job (left out: 3 by capability ${words})`)
  })
})
