/**
 * Random histories of one job: specs and policies change, persons steer, nodes join, leave, fall silent, fall sick, turn out
 * well or badly, judges are blind, the log is full, the scheduler lags and the engine dies between two commits. Every law of
 * `laws.ts` holds at every commit; at the end everything is well again, and what must end ends.
 *
 * DUNLIN_HISTORIES=20000 runs more of them.
 */
import { fc, test } from '@fast-check/vitest'
import { lawBook } from './laws.ts'
import { afterwardsNothing, atRest, comeToRest, sameAfterwards } from './rest.ts'
import { nodeSteps, plainSteps, takeStep, type Step } from './steps.ts'
import { nodeIds, startWorld, type StoryPolicy } from './world.ts'

const RUNS = Number(process.env['DUNLIN_HISTORIES'] ?? 200)
const NODES = nodeIds(12)

const policy: fc.Arbitrary<StoryPolicy> = fc
  .record({
    strategy: fc.constantFrom('rolling' as const, 'rolling' as const, 'canary' as const, 'immediate' as const),
    maxParallel: fc.constantFrom(
      { unit: 'percent' as const, value: 10 },
      { unit: 'percent' as const, value: 25 },
      { unit: 'percent' as const, value: 50 },
      { unit: 'percent' as const, value: 100 },
      { unit: 'count' as const, value: 3 },
      { unit: 'count' as const, value: 0 },
    ),
    canary: fc.constantFrom({ unit: 'count' as const, value: 1 }, { unit: 'percent' as const, value: 30 }),
    autoPromote: fc.boolean(),
    autoRollback: fc.constantFrom(true, true, false),
    maxFailedNodesPercent: fc.constantFrom(0, 10, 50, 100),
    limit: fc.option(fc.nat(3), { nil: undefined }),
    tested: fc.boolean(),
  })
  .map(({ limit, tested, ...more }) => ({
    ...more,
    autoRollback: more.autoRollback && more.strategy !== 'immediate',
    ...(limit === undefined ? {} : { maxFailedNodes: limit }),
    ...(tested ? {} : { analysis: 'off' as const }),
  }))

const plain = (weight: number, names: keyof typeof plainSteps) => ({
  weight,
  arbitrary: fc.record({ do: fc.constantFrom(...plainSteps[names]) }),
})
const onNode = (weight: number, names: keyof typeof nodeSteps) => ({
  weight,
  arbitrary: fc.record({ do: fc.constantFrom(...nodeSteps[names]), node: fc.constantFrom(...NODES) }),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      content: fc.constantFrom('a', 'b', 'c'),
      label: fc.nat(2),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('policy' as const), policy }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rollback' as const), back: fc.nat(4), whole: fc.boolean() }) },
  plain(2, 'person'),
  plain(1, 'end'),
  plain(2, 'surroundings'),
  plain(2, 'time'),
  plain(6, 'outcomes'),
  plain(6, 'engine'),
  onNode(6, 'placement'),
  onNode(5, 'connection'),
  onNode(12, 'outcome'),
)

test.prop([policy, fc.array(step, { maxLength: 90, size: 'max' }), fc.nat(1000)], { numRuns: RUNS })(
  'all laws hold over random histories',
  (first, steps, seed) => {
    const { ledger, watch } = lawBook()
    const world = startWorld({ nodes: NODES, seed, watch })
    for (const at of NODES.slice(0, 1 + (seed % NODES.length))) world.wanted.add(at)
    const state = { policy: first }
    let died = seed
    world.apply('a', { policy: first })
    for (const s of steps) {
      takeStep(world, s, state)
      if (s.do === 'advance') atRest(world, ledger)
      else {
        world.place()
        // The engine dies after none, one or two commits of its decision, or not at all.
        died = (died * 7 + 3) % 11
        world.step([0, 1, 2, Infinity][died % 4])
      }
      if (died === 0) afterwardsNothing(world)
    }
    sameAfterwards(world)
    comeToRest(world, ledger, NODES)
    sameAfterwards(world)
  },
  10_000 + 100 * RUNS,
)
