/** Over random histories of one job: what a dry run shows is what then runs, and looking changes nothing. */
import type { JobSubjectEvent, NodeId, Transition } from '@dunlin/contracts'
import { DunlinError, parseSelector } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import type { NodeReports } from '../../execution/state.ts'
import { jobToJson } from '../../job/codec.ts'
import type { NodeFacts } from '../../node/facts.ts'
import type { NodeState } from '../../node/state.ts'
import { takeStep, type Step } from '../../rollout/accounting/steps.ts'
import {
  hashOf,
  nodeIds,
  startWorld,
  storyPolicy,
  type StoryPolicy,
  type World,
} from '../../rollout/accounting/world.ts'
import { SITE_LABEL } from '../../rollout/plan/plan.ts'
import type { FleetReader } from '../executions.ts'
import { planFactsOf } from './facts.ts'
import { planApply } from './plan-apply.ts'

const NODES = nodeIds(10)
const selector = parseSelector({})

/** The nodes of a world as the folds of a log would show them. */
const readerOf = (world: World): FleetReader => ({
  node: (id): NodeState => ({
    admission: 'admitted',
    admittedAt: 1,
    identity: undefined,
    revokedKeys: [],
    scheduling: { is: 'open' },
    labels: { [SITE_LABEL]: world.sites.get(id) ?? '' },
    connection: world.connected.has(id) ? { is: 'connected', since: 1, boot: 'b' as never } : { is: 'never' },
  }),
  reports: (id) => {
    const grant = world.job.rollouts.grants.get(id)
    const state = world.sick.has(id) ? 'degraded' : 'running'
    const said = new Map(
      grant === undefined ? [] : [[grant.execution, { execution: grant.execution, state } as Transition]],
    )
    return { executions: said } as unknown as NodeReports
  },
})

const policies: fc.Arbitrary<StoryPolicy> = fc.record({
  strategy: fc.constantFrom('rolling' as const, 'canary' as const, 'immediate' as const),
  maxParallel: fc.constantFrom({ unit: 'percent' as const, value: 10 }, { unit: 'percent' as const, value: 50 }),
  autoRollback: fc.boolean(),
})
const onNode = (...names: ('place' | 'unplace' | 'sicken' | 'heal' | 'silence' | 'connect' | 'healthy' | 'failed')[]) =>
  fc.record({ do: fc.constantFrom(...names), node: fc.constantFrom(...NODES) })
const happenings: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('apply' as const), content: fc.constantFrom('a', 'b'), label: fc.nat(1) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('advance' as const, 'all healthy' as const, 'all but the bad' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('halt' as const, 'resume' as const, 'rerun' as const, 'stop' as const, 'delete' as const),
    }),
  },
  { weight: 6, arbitrary: onNode('sicken', 'heal', 'silence', 'connect', 'unplace', 'place', 'healthy', 'failed') },
)

const plansIn = (events: readonly JobSubjectEvent[]) => {
  const opened = events.find((event) => event.type === 'RolloutOpened')
  const completed = events.find((event) => event.type === 'PlanCompleted')
  return {
    type: opened?.rolloutType,
    version: opened?.version,
    policy: opened?.policy,
    seed: opened?.seed,
    supersedes: opened?.supersedes,
    completed: completed === undefined ? undefined : { ...completed, rollout: '', placedAt: 0 },
    targets: events.flatMap((event) => (event.type === 'PlanDrawn' ? event.targets : [])),
  }
}

const wanted = fc.record({
  content: fc.constantFrom('a', 'b', 'c'),
  label: fc.constantFrom('x', 'y'),
  policy: policies,
})
test.prop([policies, fc.array(happenings, { maxLength: 40 }), wanted, fc.nat(99)], { numRuns: 300 })(
  'the plan of a dry run is the plan that runs when it is applied, to the last target',
  (policy, history, { content, label, policy: next }, seed) => {
    const world = startWorld({ nodes: NODES, seed })
    NODES.forEach((node, i) => world.sites.set(node, `site-${i % 3}`))
    Object.assign(world.facts, planFactsOf(world.job, readerOf(world)))
    for (const node of NODES) world.wanted.add(node)
    const state = { policy }
    for (const step of [{ do: 'apply', content: 'a', label: 0 } as const, ...history]) {
      world.place()
      takeStep(world, step, state)
      world.step()
    }
    world.place()
    world.advance()

    const before = JSON.stringify(jobToJson(world.job))
    const spec = { config: content, labels: { l: label }, rollout: storyPolicy(next) }
    const nodes = [...world.wanted].map((id: NodeId): NodeFacts => ({
      id,
      labels: {},
      drivers: [''],
      scheduling: 'open',
      removed: false,
      connected: world.connected.has(id),
    }))
    if (!selector.ok) throw new Error('an empty selector is one')
    const planned = planApply(
      world.job,
      {
        spec,
        specHash: world.facts.hashOfSpec(spec),
        content: hashOf(content),
        demand: { selector: selector.selector, type: '' },
        policy: storyPolicy(next),
      },
      {
        nowMs: 5,
        nodes: () => nodes,
        fleet: readerOf(world),
        seedOf: world.facts.seedOf,
        hashOfNodes: world.facts.hashOfTargets,
        hashOfSpec: world.facts.hashOfSpec,
      },
    )
    if (planned instanceof DunlinError) throw planned
    expect(JSON.stringify(jobToJson(world.job))).toBe(before)

    const from = world.log.length
    const applied = world.apply(content, { labels: { l: label }, policy: next })
    if (!applied.ok) throw applied.error
    expect(planned.version).toBe(applied.result.version)
    expect(planned.action === 'unchanged').toBe(applied.result.unchanged)
    world.place()
    world.step()
    const ran = world.log.slice(from).flatMap(({ ev }) => ev)
    const { rollout } = planned
    if (rollout === undefined) {
      expect(ran.some(({ type }) => type === 'RolloutOpened')).toBe(false)
      return
    }
    const drawn: JobSubjectEvent = {
      type: 'PlanDrawn',
      rollout: rollout.opened.rollout,
      part: 0,
      targets: [...rollout.targets],
    }
    expect(plansIn([rollout.opened, drawn, rollout.completed])).toEqual(plansIn(ran))
  },
)
