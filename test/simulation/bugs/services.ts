/** Stories about what happens around decisions: take-overs, documents, states that people read. */
import { A, quick, type Stage } from '../run/stage.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const done = (stage: Stage): Promise<void> => stage.until('it completes', () => stage.rollout(A).phase === 'completed')
const crashEngine = (stage: Stage): void => stage.world.instances.find(({ role }) => role === 'engine')?.crash()

story('Nomad GH-27604', 'an engine that begins at a snapshot judges what validates', { nodes: 4 }, async (stage) => {
  const health_check = { interval: '2s', success_threshold: 4, failure_threshold: 2, deadline: '60s' }
  await stage.apply(A, 'good', { max_parallel: 50, health_check })
  await stage.until('grants are open', () => stage.rollout(A).counts.open === 2)
  await stage.pass(3_000)
  await stage.world.takeSnapshot()
  crashEngine(stage)
  await stage.world.start('engine')
  await done(stage)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, failed: 0 })
})

story('KubeEdge #5094, #6356', 'a node whose bell nobody heard is rung again', { nodes: 4 }, async (stage) => {
  stage.world.store.faults.bus.setFate((subject) => (subject.startsWith('doorbell.') ? [] : [0]))
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await stage.until('grants are open', () => stage.rollout(A).counts.open === 2)
  await stage.pass(2_000)
  stage.world.store.faults.bus.setFate(undefined)
  await stage.until('it completes', () => stage.rollout(A).phase === 'completed', 5 * 60_000)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, failed: 0 })
})

story(
  'State',
  'the state of a job follows a node that is lost and comes back',
  { nodes: 4, slow: true },
  async (stage) => {
    await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
    await done(stage)
    stage.silence(2, true)
    await stage.pass(25 * 3_600_000)
    expect(stage.job(A).versions.state).toMatchObject({ type: 'degraded', message: '1 of 4 nodes unhealthy' })
    stage.silence(2, false)
    await stage.pass(60_000)
    expect(stage.job(A).versions.state).toMatchObject({ type: 'running', message: 'Job running on 4 nodes' })
  },
)

story('S8', 'a FAIL stands, also when the engine dies before it could halt', { nodes: 20 }, async (stage) => {
  const { world } = stage
  const health_check = { interval: '1s', success_threshold: 3, failure_threshold: 1, deadline: '60s' }
  await stage.apply(A, 'good', {
    max_parallel: 100,
    max_failed_nodes_percent: 100,
    no_auto_rollback: true,
    health_check,
  })
  await stage.until('the whole wave is granted', () => stage.rollout(A).counts.open >= 14)
  const bad = [...stage.rollout(A).slots].flatMap(([node, slot]) => (slot === 'open' ? [node] : [])).slice(0, 3)
  for (const node of bad) world.agents.behave(node, { inPerSecond: 20, failedPerSecond: 20 })
  // At once, before the commit that halts: what the next engine records first are the healthy ones.
  world.store.faults.log.tap({
    onStored: () => {
      if (stage.rollout(A).counts.failed >= 3) crashEngine(stage)
    },
    onRewound: () => {},
  })
  await stage.until('the engine is dead', () => world.instances.every(({ role }) => role !== 'engine'))
  await stage.pass(10_000)
  await world.start('engine')
  await stage.until('it halts', () => stage.rollout(A).phase === 'halted', 120_000)
  expect(stage.rollout(A).halted).toMatchObject({ reason: 'analysis' })
})

story(
  'State',
  'a job whose nodes were all away says so no longer when one that has no grant is back',
  { nodes: 4 },
  async (stage) => {
    for (const node of [0, 1, 2, 3]) stage.silence(node, true)
    await stage.pass(60_000)
    await stage.apply(A, 'good', quick({ strategy: 'canary', max_parallel: 25 }))
    await stage.pass(5_000)
    expect(stage.job(A).versions.state).toMatchObject({ reason: 'all_nodes_offline' })
    const last = Number(stage.rollout(A).targets.at(-1)?.slice(4))
    stage.silence(last, false)
    await stage.pass(15_000)
    expect(stage.job(A).versions.state.reason).toBe('rollout_running')
  },
)

story(
  'L6',
  'a node that comes back while the log is nearly full gets its grant when there is room',
  { nodes: 3 },
  async (stage) => {
    const { log } = stage.world.store.faults
    stage.silence(0, true)
    await stage.pass(60_000)
    await stage.apply(A, 'good', quick({ max_parallel: 50 }))
    await stage.until('it completes', () => stage.rollout(A).phase === 'completed')
    const bytes = stage.watch.log().reduce((sum, { data, subject }) => sum + data.length + subject.length + 100, 0)
    log.limit(Math.ceil(bytes / 0.93))
    await stage.pass(5_000)
    stage.silence(0, false)
    await stage.pass(5_000)
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 2, deferred: 1 })
    log.limit(-1)
    await stage.until('it has it', () => stage.rollout(A).counts.healthy === 3, 60_000)
  },
)
