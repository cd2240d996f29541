/** Stories about canaries, promotion and holds. */
import { A, quick, type Stage } from '../run/stage.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const canary = (more: Readonly<Record<string, unknown>> = {}) =>
  quick({ strategy: 'canary', max_parallel: 50, ...more })
const held = (stage: Stage): Promise<void> => stage.until('it waits', () => stage.rollout(A).holds.canary !== undefined)
const done = (stage: Stage): Promise<void> => stage.until('it completes', () => stage.rollout(A).phase === 'completed')
const contents = (stage: Stage): Set<string> =>
  new Set([...stage.world.agents.nodes.keys()].flatMap((_, node) => stage.runs(node, A)))

// Canaries.

story('Nomad GH-27497', 'a promotion stays, whatever the canary shows later', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'good', canary())
  await held(stage)
  expect(await stage.send(A, 'promote')).toBe('ok')
  expect(await stage.send(A, 'promote')).toBe('wrong_phase')
  const [first] = stage.rollout(A).targets
  stage.world.agents.behave(first ?? ('' as never), { inPerSecond: 20, failedPerSecond: 20 })
  await done(stage)
  expect(stage.rollout(A)).toMatchObject({ promoted: true, counts: { healthy: 6 } })
})
story(
  'Nomad GH-27604',
  'canaries that are healthy are marked so, also when engines change',
  { nodes: 6 },
  async (stage) => {
    await stage.apply(A, 'slow', canary({ canary_count: 2 }))
    await stage.until('canaries start', () => stage.rollout(A).counts.open === 2)
    await stage.pass(3_500)
    stage.world.instances.find(({ role }) => role === 'engine')?.crash()
    await stage.pass(10_000)
    await stage.world.start('engine')
    await held(stage)
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 2, failed: 0 })
    await stage.send(A, 'promote')
    await done(stage)
  },
)
story('Nomad GH-27605', 'nodes of an old version do not block completion', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await done(stage)
  await stage.apply(A, 'better', canary({ auto_promote: true }))
  await stage.pass(1_500)
  await stage.apply(A, 'best', canary({ auto_promote: true }))
  await done(stage)
  expect(contents(stage).size).toBe(1)
})
story('Nomad GH-25726', 'a canary whose node is taken out does not stick', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'slow', canary())
  await stage.until('the canary is granted', () => stage.rollout(A).counts.open === 1)
  const [first] = stage.rollout(A).targets
  stage.world.tellNode(first ?? ('' as never), 'remove', { force: true })
  await stage.pass(60_000)
  const { holds, phase, counts } = stage.rollout(A)
  // Nobody was proven: it waits for a person or for another canary, and says so, or has taken one.
  expect(counts.open).toBe(0)
  if (phase === 'running' && holds.canary !== undefined) await stage.send(A, 'promote')
  await stage.until('it ends', () => ['completed', 'expired'].includes(stage.rollout(A).phase), 26 * 3_600_000)
})
story(
  'Nomad GH-27262',
  'an engine that dies while it is promoted goes on where it was',
  { nodes: 6 },
  async (stage) => {
    await stage.apply(A, 'good', canary())
    await held(stage)
    const engine = stage.world.instances.find(({ role }) => role === 'engine')
    engine?.plugged.strike(1, 'after', () => engine.crash())
    expect(await stage.send(A, 'promote')).toBe('ok')
    await stage.pass(5_000)
    await stage.world.start('engine')
    await done(stage)
    expect(stage.rollout(A).counts.healthy).toBe(6)
  },
)
story('Nomad #10098', 'a submit during promotion leaves one version, not three', { nodes: 8 }, async (stage) => {
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await done(stage)
  await stage.apply(A, 'better', canary())
  await held(stage)
  stage.world.apply(A, 'best', { selector: {}, rollout: canary({ auto_promote: true }) }, 'late')
  await stage.send(A, 'promote')
  await stage.pass(60_000)
  expect(stage.rollouts(A).at(-1)).toBe('v3 update completed')
  expect(contents(stage).size).toBe(1)
})
story('S4', 'a node at risk that comes back does not join the canaries', { nodes: 2 }, async (stage) => {
  await stage.apply(A, 'mute', canary())
  await stage.until('one is silent', () => stage.rollout(A).counts.open === 1)
  await stage.pass(500)
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await stage.until('the other is healthy', () => stage.rollout(A).counts.healthy === 1)
  const health_check = { interval: '1s', success_threshold: 90, deadline: '5m' }
  await stage.apply(A, 'better', canary({ max_parallel: 100, health_check }))
  await stage.until('the silent grant is revoked', () => stage.rollout(A).slots.size === 2)
  stage.silence(
    [...stage.world.agents.nodes.values()].findIndex(({ silent }) => silent),
    false,
  )
  await stage.until('the canary waits for a person', () => stage.rollout(A).holds.canary !== undefined)
  expect(stage.rollout(A)).toMatchObject({ waves: [1, 1], wave: 0, counts: { healthy: 1, open: 0, deferred: 1 } })
})
story(
  'hawkBit PR #2867',
  'a healthy canary waits for a person, who may look elsewhere first',
  { nodes: 6 },
  async (stage) => {
    await stage.apply(A, 'good', canary())
    await held(stage)
    await stage.pass(3 * 3_600_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { healthy: 1, open: 0 } })
    await stage.send(A, 'promote')
    await done(stage)
  },
)
story('Argo #2866', 'a failed canary can wait for a person instead of being undone', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'bad', canary({ canary_count: 1, no_auto_rollback: true }))
  await stage.pass(60_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { failed: 1, open: 0 } })
  expect(stage.rollout(A).holds.canary).toMatchObject({ reason: 'canary_failed' })
  expect(await stage.send(A, 'halt', { reason: 'broken' })).toBe('ok')
  expect(stage.rollout(A).phase).toBe('halted')
})

// Holds.

story('Nomad GH-27804', 'a paused rollout is not failed by its deadline', { nodes: 4 }, async (stage) => {
  await stage.apply(A, 'stuck', quick({ max_parallel: 50 }))
  await stage.until('grants are open', () => stage.rollout(A).counts.open > 0)
  expect(await stage.send(A, 'pause')).toBe('ok')
  await stage.pass(3_600_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { failed: 0 } })
  expect(await stage.send(A, 'resume')).toBe('ok')
  await stage.pass(120_000)
  expect(stage.rollout(A).counts.failed).toBeGreaterThan(0)
})
story('Flagger #1801', 'a paused rollout is judged, halted and rolled back', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await done(stage)
  await stage.apply(A, 'bad', quick({ max_parallel: 50 }))
  await stage.until('grants are open', () => stage.rollout(A).counts.open === 2)
  expect(await stage.send(A, 'pause')).toBe('ok')
  await stage.until('it is rolled back', () => stage.rollouts(A).at(-1) === 'v3 rollback completed')
  expect(contents(stage).size).toBe(1)
})
story('L7', 'a hold that is lifted loses no grant and repeats none', { nodes: 8 }, async (stage) => {
  await stage.apply(A, 'good', quick({ max_parallel: 25 }))
  await stage.until('some are healthy', () => stage.rollout(A).counts.healthy >= 2)
  await stage.send(A, 'pause')
  await stage.pass(60_000)
  const before = stage.rollout(A).counts.healthy
  expect(stage.rollout(A).counts.open).toBe(0)
  await stage.send(A, 'resume')
  await done(stage)
  expect(before).toBeLessThan(8)
  expect(stage.watch.ledger().jobs.get('default/a')?.rollouts.at(-1)?.grants.length).toBe(8)
})
