/** Stories about halting, rolling back, and versions that follow each other. */
import { A, quick, type Stage } from '../run/stage.ts'
import { nodeName } from '../world/programs.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const done = (stage: Stage): Promise<void> => stage.until('it completes', () => stage.rollout(A).phase === 'completed')
const halted = (stage: Stage): Promise<void> => stage.until('it halts', () => stage.rollout(A).phase === 'halted')
const first = async (stage: Stage): Promise<void> => {
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await done(stage)
}
const contents = (stage: Stage): Set<string> =>
  new Set([...stage.world.agents.nodes.keys()].flatMap((_, node) => stage.runs(node, A)))

// Halting.

story('Argo #2929', 'a halted rollout does not go on by itself', { nodes: 6 }, async (stage) => {
  await first(stage)
  await stage.apply(A, 'bad', quick({ max_parallel: 50, no_auto_rollback: true }))
  await halted(stage)
  const touched = stage.rollout(A).slots.size
  for (const node of stage.world.agents.nodes.keys()) stage.world.agents.behave(node, { inPerSecond: 20 })
  stage.world.instances.find(({ role }) => role === 'engine')?.crash()
  await stage.world.start('engine')
  stage.silence(5, true)
  await stage.pass(3_600_000)
  stage.silence(5, false)
  await stage.pass(3_600_000)
  expect(stage.rollout(A).phase).toBe('halted')
  expect(stage.rollout(A).slots.size).toBe(touched)
})
story('Nomad #28538', 'a failed rollout of the past never holds up a later one', { nodes: 6 }, async (stage) => {
  await first(stage)
  await stage.apply(A, 'bad', quick({ max_parallel: 50, no_auto_rollback: true }))
  await halted(stage)
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollouts(A).at(-1)).toBe('v3 update completed')
  expect(contents(stage).size).toBe(1)
  await stage.apply(A, 'better', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollouts(A).at(-1)).toBe('v4 update completed')
})
story('Greengrass #807', 'a stuck rollout does not block the next one', { nodes: 4 }, async (stage) => {
  await stage.apply(
    A,
    'stuck',
    quick({ max_parallel: 50, health_check: { interval: '1s', success_threshold: 1, deadline: '20m' } }),
  )
  await stage.pass(10_000)
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollout(A).counts.healthy).toBe(4)
})
story(
  'Greengrass #646',
  'a node that was broken before says nothing about the version',
  { nodes: 6, noisy: [2] },
  async (stage) => {
    await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
    await stage.until('its node failed', () => stage.rollout(A).counts.failed === 1)
    await stage.pass(5_000)
    await stage.apply(A, 'better', quick({ max_parallel: 50, max_failed_nodes: 0 }))
    await stage.pass(60_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 5, failed: 1 } })
    expect(stage.rollout(A).evidence).toMatchObject({ failed: 0, excluded: 1 })
  },
)
story(
  'wadm #143, PR #158',
  'the older version never starts again when messages change places',
  { nodes: 4 },
  async (stage) => {
    await first(stage)
    stage.world.setWeather({ lost: 0.2, repeated: 0.5, late: 0.6, lateByMs: 6_000 })
    for (const program of ['better', 'best', 'good', 'better']) {
      await stage.apply(A, program, quick({ max_parallel: 50 }))
      await stage.pass(2_500)
    }
    await done(stage)
    await stage.pass(30_000)
    expect(contents(stage)).toEqual(new Set([stage.job(A).versions.content]))
  },
)

// Rolling back.

story('Argo #2168, #574', 'a rollback takes seconds, not another rollout', { nodes: 20 }, async (stage) => {
  await first(stage)
  await stage.apply(A, 'bad', quick())
  await stage.until(
    'it is rolled back',
    () => stage.rollouts(A).at(-1)?.endsWith('rollback completed') === true,
    15_000,
  )
  expect(contents(stage).size).toBe(1)
  expect(stage.rollout(A).targets.length).toBeLessThanOrEqual(3)
})
story(
  'Argo #3304',
  'after a rollback the next version goes out, and can be rolled back too',
  { nodes: 6 },
  async (stage) => {
    await first(stage)
    for (const version of [2, 4]) {
      await stage.apply(A, 'bad', quick({ max_parallel: 50 }))
      await stage.until('it is rolled back', () => stage.rollouts(A).at(-1) === `v${version + 1} rollback completed`)
    }
    await stage.apply(A, 'better', quick({ max_parallel: 50 }))
    await done(stage)
    expect(await stage.send(A, 'rollback')).toBe('ok')
    await stage.until('it is rolled back by hand', () => stage.rollouts(A).at(-1) === 'v7 rollback completed')
    expect(contents(stage).size).toBe(1)
  },
)
story('B4', 'a rollback that fails stays halted: one level', { nodes: 6 }, async (stage) => {
  await first(stage)
  await stage.apply(A, 'bad', quick({ max_parallel: 50 }))
  // From now on everything fails, the proven content too.
  for (const node of stage.world.agents.nodes.keys())
    stage.world.agents.behave(node, { inPerSecond: 20, failedPerSecond: 20 })
  await stage.until('the rollback halts', () => stage.rollouts(A).at(-1) === 'v3 rollback halted')
  await stage.pass(600_000)
  expect(stage.rollouts(A)).toHaveLength(3)
})
story('B1', 'exactly the nodes that were granted go back, also when one is away', { nodes: 12 }, async (stage) => {
  await first(stage)
  await stage.apply(A, 'bad', quick({ max_parallel: 34 }))
  await stage.until('grants are open', () => stage.rollout(A).counts.open === 2)
  const granted = [...stage.rollout(A).slots.keys()].sort()
  await stage.until('it is rolled back', () => stage.rollouts(A).at(-1)?.startsWith('v3 rollback') === true)
  await stage.pass(60_000)
  expect(stage.rollout(A).targets.toSorted()).toEqual(granted)
  expect(contents(stage).size).toBe(1)
})

story(
  'B1',
  'a node that joins after a rollback waits for the place of a revoked grant, and for nothing longer',
  { nodes: 8 },
  async (stage) => {
    await first(stage)
    const { content } = stage.job(A).versions
    // Two of the eight are taken out, and come again with a version that nobody can start.
    await stage.apply(A, 'best', quick(), { match_labels: { env: 'production' } })
    // Another of them is at risk by then, and goes first: the two get their turn when the rollback is over.
    await stage.until('one is granted', () => stage.rollouts(A).length === 2 && stage.rollout(A).counts.open === 1)
    const health_check = { interval: '1s', success_threshold: 4, deadline: '20s' }
    await stage.apply(A, 'stuck', { health_check })
    await stage.until('it is rolled back', () => stage.rollouts(A).at(-1)?.startsWith('v4 rollback') === true)
    // Silent for good, but believed to be there: one of them is granted, and takes the only place.
    stage.silence(3, true)
    stage.silence(7, true)
    await done(stage)
    await stage.until('a grant is revoked', () => stage.job(A).rollouts.revoked.size === 1)
    const [gone] = stage.job(A).rollouts.revoked.keys()
    const other = gone === nodeName(3) ? 7 : 3
    stage.silence(other, false)
    await stage.pass(14 * 60_000)
    expect(stage.runs(other, A)).toEqual([])
    await stage.until('the place is free', () => stage.runs(other, A)[0] === content, 3 * 60_000)
    expect(stage.rollout(A).phase).toBe('completed')
  },
)

story('Nomad #12940', 'what has failed since is not gone back to', { nodes: 6 }, async (stage) => {
  await first(stage)
  const { content } = stage.job(A).versions
  await stage.apply(A, 'best', quick({ strategy: 'immediate' }))
  await done(stage)
  await stage.apply(A, 'best', quick({ max_parallel: 50 }))
  // The proven content is run again where everything fails, and then nothing does any more.
  for (const node of stage.world.agents.nodes.keys())
    stage.world.agents.behave(node, { inPerSecond: 20, failedPerSecond: 20 })
  expect(await stage.send(A, 'rerun')).toBe('ok')
  await halted(stage)
  for (const node of stage.world.agents.nodes.keys()) stage.world.agents.behave(node, undefined)
  await stage.apply(A, 'bad', quick({ max_parallel: 50 }))
  await stage.until('it is rolled back', () => stage.rollouts(A).at(-1)?.endsWith('rollback completed') === true)
  expect(stage.job(A).versions.content).toBe(content)
})

story(
  'wadm #158',
  'a version that is not wanted any more gets nothing, also before the next is placed',
  { nodes: 8 },
  async (stage) => {
    const health_check = { interval: '1s', success_threshold: 4, deadline: '60s' }
    await stage.apply(A, 'good', { max_parallel_nodes: 2, health_check })
    await stage.until('two are granted', () => stage.rollout(A).counts.open === 2)
    // They have read their documents, and settle while nobody places the next version.
    await stage.pass(1_000)
    stage.world.instances.find(({ role }) => role === 'scheduler')?.crash()
    await stage.apply(A, 'better', quick({ max_parallel_nodes: 1 }))
    const before = stage.rollout(A).slots.size
    await stage.pass(10_000)
    expect(stage.rollout(A).slots.size).toBe(before)
    await stage.world.start('scheduler')
    await stage.until('the next completes', () => stage.rollouts(A).at(-1) === 'v2 update completed')
  },
)
