/** Stop and delete, in every phase of a rollout; what runs afterwards is another rollout. */
import { describe, expect, it } from 'vitest'
import { hashOf, nodeIds, present, startWorld, type StoryPolicy, type World } from './accounting/world.ts'

const NODES = nodeIds(4)
const begin = (policy: StoryPolicy = {}): World => {
  const world = startWorld({ nodes: NODES })
  for (const node of NODES) world.wanted.add(node)
  world.apply('a', { policy })
  return world
}
const untilIn: Readonly<
  Record<'not opened' | 'running' | 'held' | 'halted' | 'completed' | 'expired', (world: World) => void>
> = {
  'not opened': () => {},
  running: (world) => goOn(world),
  held: (world) => {
    goOn(world)
    world.command('pause')
  },
  halted: (world) => {
    goOn(world)
    world.command('halt')
  },
  completed: (world) => {
    goOn(world)
    finish(world)
  },
  expired: (world) => {
    world.connected.clear()
    goOn(world)
    world.tick(2_000_000)
    world.advance()
    for (const node of NODES) world.connected.add(node)
  },
}
const goOn = (world: World): void => {
  world.place()
  world.advance()
}
const finish = (world: World): void => {
  for (let wave = 0; wave < 6; wave += 1) {
    world.settle(() => 'healthy')
    world.advance()
  }
}
const runsOn = (world: World): readonly string[] =>
  [...world.activated].filter(([, { content }]) => content === hashOf('a')).map(([node]) => node)

describe.each(Object.entries(untilIn))('a job that is %s', (_, reach) => {
  it('has no grant and nobody at risk when it is stopped, and no rollout that could grant', () => {
    const world = begin()
    reach(world)
    world.command('stop')
    const { grants, atRisk, current } = present(world).rollouts
    expect(grants.size + atRisk.size).toBe(0)
    expect(world.advance()).toEqual([])
    expect(['planning', 'running', 'halted']).not.toContain(current?.phase)
  })
  it('runs everywhere when it is applied again, whether its stop was evaluated in between or not', () => {
    for (const evaluated of [true, false]) {
      const world = begin()
      reach(world)
      world.command('stop')
      if (evaluated) world.place()
      world.apply('a')
      goOn(world)
      finish(world)
      expect(present(world).rollouts.current?.phase).toBe('completed')
      expect(new Set(runsOn(world))).toEqual(new Set(NODES))
    }
  })
  it('begins as a new one when it is deleted and created again', () => {
    const world = begin()
    reach(world)
    world.command('delete')
    world.apply('a')
    goOn(world)
    expect(present(world).rollouts).toMatchObject({ past: [], proven: [], current: { type: 'create', version: 2 } })
    finish(world)
    expect(new Set(runsOn(world))).toEqual(new Set(NODES))
  })
})

it('what runs again after a stop takes waves and canaries like any update', () => {
  const policy: StoryPolicy = { strategy: 'canary', autoPromote: true }
  const world = begin(policy)
  untilIn.completed(world)
  world.command('stop')
  world.apply('a', { policy })
  goOn(world)
  expect(present(world).rollouts.current).toMatchObject({ type: 'update', waves: [1, 1, 1, 1], counts: { open: 1 } })
})
