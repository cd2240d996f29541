/** Over random histories of one job: every halt that the engine decides comes out again when it is counted from the log alone. */
import { fc, test } from '@fast-check/vitest'
import { afterAll, expect } from 'vitest'
import { takeStep, type Step } from '../../rollout/accounting/steps.ts'
import { nodeIds, startWorld, type StoryPolicy, type World } from '../../rollout/accounting/world.ts'
import { createExplainer } from './explainer.ts'

const NODES = nodeIds(12)
const size = (value: number) => ({ unit: 'percent' as const, value })
const policies: fc.Arbitrary<StoryPolicy> = fc
  .record({
    strategy: fc.constantFrom('rolling' as const, 'canary' as const),
    maxParallel: fc.constantFrom(size(25), size(50), size(100)),
    autoPromote: fc.constant(true),
    autoRollback: fc.boolean(),
    // Mostly no limit, so that the test and the budget have their say too.
    maxFailedNodesPercent: fc.constantFrom(0, 10, 50, 100, 100, 100, 100),
    tested: fc.boolean(),
  })
  .map(({ tested, ...more }) => ({ ...more, ...(tested ? {} : { analysis: 'off' as const }) }))
const onNode = (
  ...names: ('place' | 'unplace' | 'sicken' | 'heal' | 'silence' | 'connect' | 'healthy' | 'failed' | 'lost')[]
) => fc.record({ do: fc.constantFrom(...names), node: fc.constantFrom(...NODES) })
type Happening = Step | { readonly do: 'all fail' }
const named = <T extends Happening['do']>(...names: T[]) => fc.record({ do: fc.constantFrom(...names) })
const happenings = fc.oneof<fc.MaybeWeightedArbitrary<Happening>[]>(
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('apply' as const),
      content: fc.constantFrom('a', 'b', 'c'),
      label: fc.nat(1),
    }),
  },
  { weight: 8, arbitrary: named('advance', 'all healthy', 'all but the bad', 'all fail') as fc.Arbitrary<Happening> },
  { weight: 2, arbitrary: named('resume', 'rerun', 'revoke') as fc.Arbitrary<Happening> },
  { weight: 1, arbitrary: named('halt') as fc.Arbitrary<Happening> },
  { weight: 3, arbitrary: onNode('sicken', 'heal', 'silence', 'connect', 'unplace', 'place') },
  { weight: 6, arbitrary: onNode('healthy', 'failed', 'failed', 'lost') },
)

const toldOf = (world: World) => {
  const explainer = createExplainer({ is: 'job' })
  const told = world.log.flatMap(({ seq, at, by, ev }) =>
    explainer.take({ s: 1, v: seq, cmd: `~${seq}`, by, at, ev }, seq),
  )
  return { told, checked: explainer.checked() }
}

const seen = new Map<string, number>()

test.prop([policies, fc.array(happenings, { minLength: 10, maxLength: 60 })], { numRuns: 400 })(
  'no recorded halt disagrees with what is counted again from the verdicts before it',
  (policy, history) => {
    const world = startWorld({ nodes: NODES })
    for (const node of NODES) world.wanted.add(node)
    const state = { policy }
    takeStep(world, { do: 'apply', content: 'a', label: 0 }, state)
    for (const step of history) {
      world.place()
      if (step.do === 'all fail') world.settle(() => 'failed')
      else takeStep(world, step, state)
      world.step()
    }
    const { told, checked } = toldOf(world)
    for (const { event, message, checks = [] } of told) {
      if (event !== 'RolloutHalted') continue
      expect({ message, checks }).toEqual({
        message,
        checks: [
          expect.objectContaining({ is: message.startsWith('halted (requested)') ? 'not_computable' : 'agrees' }),
        ],
      })
      const reason = /^halted \((\w+)\)/.exec(message)?.[1] ?? ''
      seen.set(reason, (seen.get(reason) ?? 0) + 1)
    }
    expect(checked.disagree).toBe(0)
  },
)

afterAll(() => {
  // Histories in which nothing halts prove nothing. Rarer reasons (none_healthy) may appear beside these.
  const reasons = ['analysis', 'budget_exhausted', 'max_failed_nodes_percent', 'requested']
  expect([...seen.keys()]).toEqual(expect.arrayContaining(reasons))
})
