/**
 * Laws that compare two histories: the engine dying in one of them, other names of the nodes, one more node that never
 * answers, a pause, everyone at once.
 *
 * DUNLIN_HISTORIES=20000 runs more of them.
 */
import type { NodeId, RolloutPolicy } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { drawPlan } from '../plan/plan.ts'
import { lawBook } from './laws.ts'
import { nodeIds, present, startWorld, type StoryPolicy, type World } from './world.ts'

const numRuns = Number(process.env['DUNLIN_HISTORIES'] ?? 60)
const timeout = 10_000 + 100 * numRuns

const NODES = nodeIds(14)
const strategy = fc.constantFrom('rolling' as const, 'canary' as const, 'immediate' as const)
const maxParallel = fc.constantFrom<RolloutPolicy['maxParallel']>(
  { unit: 'percent', value: 10 },
  { unit: 'percent', value: 34 },
  { unit: 'count', value: 3 },
  { unit: 'count', value: 0 },
)
const nodes = fc.subarray(NODES, { minLength: 1 })

const begin = (on: readonly NodeId[], policy: StoryPolicy, offline: readonly NodeId[] = [], seed = 1): World => {
  const world = startWorld({ nodes: on, seed, watch: lawBook().watch })
  for (const node of on) world.wanted.add(node)
  for (const node of offline) world.connected.delete(node)
  world.apply('a', { policy })
  world.place()
  return world
}
/** The whole of a rollout; `bad` fail, and the engine dies after the first commit of every decision if it must. */
const play = (world: World, bad: ReadonlySet<NodeId>, isFrail = false): World => {
  for (let turn = 0; turn < 60; turn += 1) {
    const before = world.log.length
    if (isFrail) while (world.step(1).length > 0);
    else world.advance()
    world.settle((node) => (bad.has(node) ? 'failed' : 'healthy'))
    if (world.log.length === before) break
  }
  return world
}
const slotsOf = (world: World) => new Map(present(world).rollouts.current?.slots)
const granted = (slots: ReturnType<typeof slotsOf>) => new Map([...slots].filter(([, slot]) => slot !== 'deferred'))
const grantsOf = (world: World): readonly NodeId[] =>
  world.log.flatMap(({ ev }) =>
    ev.flatMap((event) => (event.type === 'NodesGranted' ? event.grants.map(([node]) => node) : [])),
  )

describe.concurrent('two histories', () => {
  test.prop([strategy, maxParallel, nodes, fc.subarray(NODES), fc.subarray(NODES, { maxLength: 4 })], { numRuns })(
    'E3: the engine dying after any commit grants the same nodes in the same order, and ends the same',
    (how, most, on, offline, bad) => {
      const policy = { strategy: how, maxParallel: most, autoPromote: true, autoRollback: false }
      const [whole, frail] = [false, true].map((isFrail) =>
        play(begin(on, policy, offline), new Set(bad), isFrail),
      ) as [World, World]
      // Who cannot be reached may be told later: he gets nothing either way.
      expect(granted(slotsOf(frail))).toEqual(granted(slotsOf(whole)))
      expect(grantsOf(frail)).toEqual(grantsOf(whole))
      expect(present(frail).rollouts.current?.phase).toBe(present(whole).rollouts.current?.phase)
    },
    timeout,
  )

  test.prop([strategy, maxParallel, nodes, fc.nat(1000), fc.integer({ min: 1, max: 1000 })], { numRuns })(
    'M1: other names of the nodes permute the plan, and change no number in it',
    (how, most, on, seed, shift) => {
      const world = begin(on, { strategy: how, maxParallel: most }, [], seed)
      const request = {
        type: 'create',
        content: present(world).versions.content,
        policy: world.facts.policy,
        seed,
      } as const
      const { targets, ...numbers } = drawPlan(world.job.rollouts, { ...request, placed: new Set(on) }, world.facts)
      const renamed = on.map((node) => `${node}x${shift}` as NodeId)
      for (const node of renamed) world.connected.add(node)
      const other = drawPlan(world.job.rollouts, { ...request, placed: new Set(renamed) }, world.facts)
      expect([...targets].sort()).toEqual([...on].sort())
      expect([...other.targets].sort()).toEqual([...renamed].sort())
      expect(other).toMatchObject(numbers)
    },
    timeout,
  )

  test.prop([strategy, maxParallel, nodes], { numRuns })(
    "M2, L6: one more node, that never answers, changes nobody's outcome",
    (how, most, on) => {
      const policy = { strategy: how, maxParallel: most, autoPromote: true }
      const silent = 'n99' as NodeId
      const alone = slotsOf(play(begin(on, policy), new Set()))
      const beside = play(begin([...on, silent], policy, [silent]), new Set())
      expect(present(beside).rollouts.current?.phase).toBe('completed')
      const slots = slotsOf(beside)
      expect(slots.get(silent)).toBe('deferred')
      slots.delete(silent)
      expect(slots).toEqual(alone)
    },
    timeout,
  )

  test.prop([nodes, fc.subarray(NODES)], { numRuns })(
    'M5: immediate is rolling with everybody in one wave, where nobody fails',
    (on, offline) => {
      const all: RolloutPolicy['maxParallel'] = { unit: 'percent', value: 100 }
      const immediate = play(begin(on, { strategy: 'immediate' }, offline), new Set())
      const rolling = play(begin(on, { strategy: 'rolling', maxParallel: all }, offline), new Set())
      expect(slotsOf(immediate)).toEqual(slotsOf(rolling))
      expect(present(immediate).rollouts.current).toMatchObject({
        waves: present(rolling).rollouts.current?.waves ?? [],
      })
    },
    timeout,
  )

  test.prop([strategy, maxParallel, nodes, fc.array(fc.nat(20), { maxLength: 5 })], { numRuns })(
    'L7: pauses lose no grant and repeat none',
    (how, most, on, pauses) => {
      const policy = { strategy: how, maxParallel: most, autoPromote: true }
      const straight = grantsOf(play(begin(on, policy), new Set()))
      const world = begin(on, policy)
      for (let turn = 0; turn < 60; turn += 1) {
        if (pauses.includes(turn)) world.command('pause')
        world.advance()
        world.settle(() => 'healthy')
        world.advance()
        if (pauses.includes(turn)) world.command('resume')
      }
      expect(grantsOf(world)).toEqual(straight)
      expect(new Set(straight).size).toBe(straight.length)
    },
    timeout,
  )

  test.prop([strategy, maxParallel, nodes], { numRuns })(
    'L5: with nobody there it grants nothing and expires',
    (how, most, on) => {
      const world = play(begin(on, { strategy: how, maxParallel: most }, on), new Set())
      world.tick(2_000_000)
      world.advance()
      expect(grantsOf(world)).toEqual([])
      expect(present(world).rollouts.current?.phase).toBe('expired')
    },
    timeout,
  )

  test.prop([maxParallel, nodes, nodes], { numRuns })(
    'B6: rolled back and brought again, it ends as if it had been brought once',
    (most, on, others) => {
      const policy: StoryPolicy = { maxParallel: most }
      const contents = (world: World) => new Map([...world.activated].map(([node, { content }]) => [node, content]))
      const bring = (world: World, content: string, bad: ReadonlySet<NodeId>): World => {
        world.apply(content, { policy })
        world.place()
        return play(world, bad)
      }
      const begun = () => play(begin(on, policy), new Set())
      const again = begun()
      again.apply('b', { policy })
      again.place()
      again.advance()
      again.settle((node) => (others.includes(node) ? 'healthy' : 'failed'))
      again.rollBack(1)
      again.place()
      play(again, new Set())
      expect(new Set(contents(again).values()).size).toBe(1)
      bring(again, 'b', new Set())
      // Maps are equal whatever their order.
      expect(contents(again)).toEqual(contents(bring(begun(), 'b', new Set())))
    },
    timeout,
  )
})
