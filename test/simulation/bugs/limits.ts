/** Stories about what limits a job: what its nodes have, how long it may take, and windows that must not count as healthy. */
import { A, B, quick, type Stage } from '../run/stage.ts'
import { nodeName } from '../world/programs.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const MINUTE = 60_000
const stateOf = (stage: Stage, key: typeof A) => stage.job(key).versions.state

/** Sends a spec and waits for its answer. */
const send = async (stage: Stage, key: typeof A, program: string, more: object): Promise<void> => {
  const id = `apply-${key.name}-${program}`
  stage.world.apply(key, program, { rollout: quick({ strategy: 'immediate' }), ...more }, id)
  await stage.until(`${key.name} is applied`, () => stage.world.answers.get(id)?.ok === true)
}

// Every simulated node has one processor and 1,000,000,000 bytes of memory, and does not tell its disk.

story(
  'Capacity',
  'a job goes where its demand fits, to the last byte, and says why not',
  { nodes: 4 },
  async (stage) => {
    await send(stage, A, 'good', { resources: { cpus: 1, memory: 1_000_000_000, disk: '1TiB' } })
    await stage.until('it runs', () => stateOf(stage, A).type === 'running', MINUTE)
    expect(stage.job(A).placement.nodes.size).toBe(4)
    await send(stage, B, 'better', { resources: { cpus: 1.5 } })
    await stage.until('it waits', () => stateOf(stage, B).type === 'queued', MINUTE)
    expect(stateOf(stage, B).details).toEqual({ capacity: 4 })
    await send(stage, B, 'best', { resources: { memory: 1_000_000_001 } })
    await stage.pass(10_000)
    expect([stateOf(stage, B).type, stage.job(B).placement.nodes.size]).toEqual(['queued', 0])
    // Who asks for more than there is loses what was placed: nothing keeps running on less than it needs.
    await send(stage, A, 'slow', { resources: { cpus: 2 } })
    await stage.until('it has stopped', () => stage.runs(0, A).length === 0, MINUTE)
  },
)

story('T1', 'what has ended in time is not ended again by its total timeout', { nodes: 4 }, async (stage) => {
  await send(stage, A, 'short', { restart_policy: 'never', timeouts: { total_timeout: '2m' } })
  await stage.until('it has completed', () => stateOf(stage, A).type === 'completed', MINUTE)
  await stage.pass(10 * MINUTE)
  expect(stateOf(stage, A).type).toBe('completed')
})

story(
  'T1',
  'a scheduler that begins with a snapshot knows the time limits, the earliest first',
  { nodes: 4 },
  async (stage) => {
    await send(stage, A, 'good', { timeouts: { total_timeout: '5m' } })
    await send(stage, B, 'good', { timeouts: { total_timeout: '1h' } })
    await stage.pass(MINUTE)
    await stage.world.takeSnapshot()
    for (const one of stage.world.instances.filter(({ role }) => role === 'scheduler')) one.crash()
    await stage.pass(MINUTE)
    await stage.world.start('scheduler')
    await stage.pass(2 * MINUTE)
    expect(stateOf(stage, A).type).toBe('running')
    await stage.pass(2 * MINUTE)
    expect([stateOf(stage, A).reason, stateOf(stage, B).type]).toEqual(['total_timeout', 'running'])
  },
)

story(
  'Probes',
  'windows in which a probe fails are no proof, whatever the program counts',
  { nodes: 6 },
  async (stage) => {
    await stage.apply(A, 'good', quick({ max_parallel: 50 }))
    await stage.until('it runs', () => stage.rollout(A).phase === 'completed')
    await stage.apply(A, 'unready', quick({ max_parallel: 50 }))
    await stage.until('it is rolled back', () => stage.rollouts(A).at(-1) === 'v3 rollback completed', 10 * MINUTE)
    expect(stage.rollout(A).targets.length).toBeLessThanOrEqual(3)
  },
)

story('Probes', 'before its program runs no window says that an execution is healthy', { nodes: 2 }, async (stage) => {
  const health_check = { interval: '1s', success_threshold: 1, deadline: '30s' }
  await stage.apply(A, 'late', { strategy: 'immediate', health_check })
  await stage.pass(9_000)
  expect([stage.rollout(A).counts.open, stage.job(A).rollouts.grants.get(nodeName(0))?.verdict]).toEqual([2, undefined])
  await stage.until('it is healthy', () => stage.rollout(A).counts.healthy === 2, MINUTE)
})

story('N1', 'a cordon moves nothing away, whatever else changes on the node', { nodes: 4 }, async (stage) => {
  await send(stage, A, 'good', {})
  await stage.until('it runs', () => stateOf(stage, A).type === 'running', MINUTE)
  stage.world.tellNode(nodeName(0), 'cordon')
  await stage.pass(2_000)
  stage.world.tellNode(nodeName(0), 'label', { set: { room: 'cellar' } })
  stage.silence(0, true)
  await stage.pass(2 * MINUTE)
  stage.silence(0, false)
  await stage.pass(2 * MINUTE)
  expect([stage.job(A).placement.nodes.size, stage.runs(0, A).length]).toEqual([4, 1])
})
