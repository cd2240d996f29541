/** Persons steer a rollout: what each command does, and what is said where it cannot be done. */
import type { NodeId, Verdict } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, type StoryPolicy, type World } from './accounting/world.ts'
import { possibleVerbs } from './commands.ts'
import { recordVerdicts } from './verdicts.ts'

const begin = (policy: StoryPolicy = {}, nodes = 4): World => {
  const world = startWorld({ nodes: nodeIds(nodes) })
  for (const node of nodeIds(nodes)) world.wanted.add(node)
  world.apply('a', { policy })
  return world
}
const running = (policy?: StoryPolicy, nodes?: number): World => {
  const world = begin(policy, nodes)
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
const after = (world: World, ...verbs: ('pause' | 'halt' | 'stop' | 'delete' | 'resume')[]): World => {
  for (const verb of verbs) world.command(verb)
  return world
}
const current = (world: World) => present(world).rollouts.current

const phases: Readonly<Record<string, { readonly reach: () => World; readonly possible: readonly string[] }>> = {
  'not opened': { reach: () => begin(), possible: ['rerun', 'apply', 'stop'] },
  planning: {
    // The engine died after the first part of a long plan.
    reach: () => {
      const world = begin({}, 1500)
      world.place()
      world.step(1)
      return world
    },
    possible: ['pause', 'halt', 'rerun', 'apply', 'stop'],
  },
  running: { reach: () => running(), possible: ['pause', 'halt', 'rerun', 'apply', 'stop'] },
  'running, held by user': {
    reach: () => after(running(), 'pause'),
    possible: ['resume', 'halt', 'rerun', 'apply', 'stop'],
  },
  'running, held by canary': {
    reach: () => {
      const world = running({ strategy: 'canary' })
      world.settle(() => 'healthy')
      world.advance()
      return world
    },
    possible: ['pause', 'promote', 'halt', 'rerun', 'apply', 'stop'],
  },
  'running, held by visibility': {
    reach: () => {
      const world = running()
      world.switches.sight = { reason: 'site_silent', message: 'the site is silent' }
      world.advance()
      return world
    },
    possible: ['pause', 'halt', 'rerun', 'apply', 'stop'],
  },
  halted: { reach: () => after(running(), 'halt'), possible: ['resume', 'rerun', 'apply', 'stop'] },
  'halted, held by user': {
    reach: () => after(running(), 'pause', 'halt'),
    possible: ['resume', 'rerun', 'apply', 'stop'],
  },
  completed: { reach: () => finished(), possible: ['rerun', 'apply', 'stop'] },
  expired: {
    reach: () => {
      const world = begin()
      world.connected.clear()
      world.place()
      world.advance()
      world.tick(2_000_000)
      world.advance()
      return world
    },
    possible: ['rerun', 'apply', 'stop'],
  },
  stopped: { reach: () => after(running(), 'stop'), possible: ['apply', 'rerun', 'delete'] },
}
const verbs = ['pause', 'resume', 'promote', 'halt', 'rerun'] as const

describe.each(Object.entries(phases))('%s', (name, { reach, possible }) => {
  it('says what is possible', () => expect(possibleVerbs(present(reach()))).toEqual(possible))
  it.each(verbs.filter((verb) => possible.includes(verb)))('%s is done', (verb) =>
    expect(reach().command(verb)).toMatchObject({ ok: true }),
  )
  // Pausing what is paused already is no mistake.
  const wrong = verbs.filter(
    (verb) => !possible.includes(verb) && !(verb === 'pause' && name === 'running, held by user'),
  )
  it.each(wrong)('%s is refused, with the phase and what is possible', (verb) => {
    const [phase = '', held] = name.split(', held by ')
    const data = { phase: phase.replace(' ', '_'), holds: held === undefined ? [] : [held], possible }
    expect(reach().command(verb)).toMatchObject({ ok: false, error: { code: 'wrong_phase', data } })
  })
})

it('pausing what is paused already changes nothing', () =>
  expect(after(running(), 'pause').command('pause')).toMatchObject({ ok: true, commits: [] }))

it('nothing is steered where there is no job', () => {
  for (const verb of verbs)
    for (const world of [startWorld({ nodes: [] }), after(running(), 'delete')])
      expect(world.command(verb)).toMatchObject({ ok: false, error: { code: 'job_not_found' } })
})

describe('pause and resume', () => {
  it('hold and go on without losing or repeating a grant', () => {
    const grantsOf = (world: World) =>
      world.log
        .flatMap(({ ev }) => ev.flatMap((event) => (event.type === 'NodesGranted' ? event.grants : [])))
        .map(([node]) => node)
    const held = running()
    after(held, 'pause')
    held.settle(() => 'healthy')
    expect(held.advance()).toEqual([])
    after(held, 'resume')
    for (let wave = 0; wave < 6; wave += 1) {
      held.advance()
      held.settle(() => 'healthy')
    }
    expect(grantsOf(held)).toEqual(grantsOf(finished()))
  })
  it('a paused rollout that fails is halted all the same', () => {
    const world = after(running({ maxParallel: { unit: 'count', value: 2 } }), 'pause')
    world.settle(() => 'failed')
    world.advance()
    expect(current(world)?.phase).toBe('halted')
  })
  it('time stands still for its expiry', () => {
    const world = begin({ expiryMs: 1_000_000 })
    world.connected.clear()
    world.place()
    world.advance()
    after(world, 'pause')
    world.tick(5_000_000)
    expect(world.advance()).toEqual([])
    after(world, 'resume')
    expect(world.advance()).toEqual([])
    world.tick(1_000_000)
    expect(world.advance()).toEqual(['RolloutClosed'])
  })
})

describe('resume of a halted rollout', () => {
  const halted = (): World => {
    const world = running({ maxParallel: { unit: 'count', value: 2 } }, 6)
    world.settle(() => 'failed')
    world.advance()
    return world
  }
  it('writes off who has failed, and begins the test anew', () => {
    const world = halted()
    expect(current(world)).toMatchObject({ phase: 'halted', halted: { reason: 'analysis' } })
    expect(present(world).rollouts.atRisk.size).toBe(2)
    after(world, 'resume')
    expect(current(world)).toMatchObject({
      phase: 'running',
      evidence: { settled: 0, failed: 0, maxE: 1, before: 2 },
      counts: { failed: 2 },
    })
    expect(present(world).rollouts.atRisk.size).toBe(0)
    expect(world.advance()).toEqual(['WavePassed', 'WaveStarted', 'NodesGranted'])
  })
  it('who is written off stays stopped, and no word of his brings him back', () => {
    const world = halted()
    const [node] = [...present(world).rollouts.grants.keys()] as [NodeId]
    after(world, 'resume')
    const before = world.log.length
    world.judge(node, 'healthy', 'recovered')
    expect(world.log.length).toBe(before)
  })
  it('names nobody when the names would not fit into a commit, and writes off the same', () => {
    const nodes = nodeIds(6_000).map((node) => `${node}.${'x'.repeat(90)}` as NodeId)
    const world = startWorld({ nodes })
    for (const node of nodes) world.wanted.add(node)
    world.apply('a', { policy: { strategy: 'immediate' } })
    world.place()
    world.advance()
    const verdicts = [...present(world).rollouts.grants].map(([node, { execution, seq }], index): Verdict => {
      const verdict = index === 0 ? 'healthy' : 'failed'
      return { node, execution, generation: [0, seq], verdict, reason: 'test', window: 1, evidence: [] }
    })
    for (const ev of recordVerdicts(world.job, verdicts)) world.append(ev)
    after(world, 'halt', 'resume')
    expect(world.log.at(-1)?.ev).toEqual([
      { type: 'RolloutResumed', rollout: current(world)?.id, writtenOff: nodes.length - 1 },
    ])
    const off = [...present(world).rollouts.grants].filter(([, { writtenOff }]) => writtenOff === true)
    expect([off.length, present(world).rollouts.atRisk.size]).toEqual([nodes.length - 1, 0])
  })
  it('goes on although it was paused when it was halted', () => {
    const world = after(running(), 'pause', 'halt', 'resume')
    expect(current(world)).toMatchObject({ phase: 'running' })
    expect(current(world)?.holds).toEqual({})
  })
  it('does not expire by the time that it was halted', () => {
    const world = begin({ expiryMs: 1_000_000 })
    world.connected.clear()
    world.place()
    world.advance()
    after(world, 'halt')
    world.tick(5_000_000)
    after(world, 'resume')
    expect(world.advance()).toEqual([])
    world.tick(1_000_000)
    expect(world.advance()).toEqual(['RolloutClosed'])
  })
  it('draws the plan to its end when it was halted before that', () => {
    const world = phases['planning']?.reach() as World
    after(world, 'halt', 'resume')
    world.advance()
    expect(current(world)).toMatchObject({ phase: 'running', wave: 0 })
    expect(current(world)?.targets).toHaveLength(1500)
  })
})

describe('halt', () => {
  it('rolls nothing back by itself, and says nothing about the content', () => {
    const world = finished()
    world.apply('b')
    world.place()
    world.advance()
    after(world, 'halt')
    expect(world.advance()).toEqual([])
    expect(present(world).rollouts).toMatchObject({
      current: { phase: 'halted', halted: { by: 'user:ann' } },
      proven: [{ version: 1 }],
    })
  })
})

describe('promote', () => {
  it('lets the waves follow the canaries', () => {
    const world = running({ strategy: 'canary' })
    world.settle(() => 'healthy')
    expect(world.advance()).toEqual(['WavePassed', 'HoldPlaced'])
    world.command('promote')
    expect(world.advance()).toEqual(['WaveStarted', 'NodesGranted'])
  })
})

describe('rollback', () => {
  it('goes to the latest proven content, keeps the rest of the spec, and touches nobody who was not granted', () => {
    const world = finished()
    world.apply('b', { labels: { new: 'label' } })
    world.place()
    world.advance()
    expect(world.rollBack()).toMatchObject({ ok: true })
    expect(present(world).versions).toMatchObject({ version: 3, spec: { config: 'a', labels: { new: 'label' } } })
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'rollback', targets: { length: 1 } })
  })
  it('takes the whole old spec when it is told to', () => {
    const world = finished()
    world.apply('b', { labels: { new: 'label' } })
    world.rollBack(1, true)
    expect(present(world).versions.spec).toMatchObject({ config: 'a', labels: {} })
  })
  it('has nothing to go to when nothing else was proven, or when it is there already', () => {
    const world = finished()
    expect(world.rollBack()).toBeUndefined()
    expect(world.rollBack(1)).toMatchObject({ ok: false, error: { code: 'no_rollback_target' } })
  })
  it('is refused while the job is stopped', () =>
    expect(after(finished(), 'stop').rollBack(1)).toMatchObject({ ok: false, error: { code: 'wrong_phase' } }))
  it('becomes possible with something proven', () => {
    const world = finished()
    world.apply('b')
    expect(possibleVerbs(present(world))).toContain('rollback')
  })
})

describe('rerun', () => {
  it('restarts every node, also those that run well', () => {
    const world = finished()
    world.command('rerun')
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'restart', version: 2 })
    expect(current(world)?.targets).toHaveLength(4)
    for (let wave = 0; wave < 5; wave += 1) {
      world.settle(() => 'healthy')
      world.advance()
    }
    expect(current(world)).toMatchObject({ phase: 'completed', counts: { healthy: 4 } })
  })
  it('that fails stays halted: there is nothing to go back to', () => {
    const world = finished()
    world.apply('b')
    world.place()
    world.advance()
    for (let wave = 0; wave < 5; wave += 1) {
      world.settle(() => 'healthy')
      world.advance()
    }
    world.command('rerun')
    world.place()
    world.advance()
    world.settle(() => 'failed')
    expect(world.advance()).toEqual(['RolloutHalted'])
    expect(current(world)).toMatchObject({ type: 'restart', phase: 'halted' })
  })
  it('of a job that never ran is its first rollout', () => {
    const world = begin()
    world.command('rerun')
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'create', version: 2 })
  })
  it('followed by another content before it began is an update, which can be rolled back', () => {
    const world = finished()
    world.command('rerun')
    world.apply('b')
    world.place()
    world.advance()
    expect(current(world)).toMatchObject({ type: 'update', version: 3 })
  })
})
