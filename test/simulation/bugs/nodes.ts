/** Stories about nodes that people keep jobs away from, jobs with time limits, and a judge that has just started. */
import type { JobKey } from '@dunlin/contracts'
import { readRecorded } from '../laws/ledger.ts'
import { A, B, quick, type Stage } from '../run/stage.ts'
import { nodeName } from '../world/programs.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const n0 = nodeName(0)
const MINUTE = 60_000

const begin = async (stage: Stage, key: JobKey, program: string, more: object, wanted = 4): Promise<void> => {
  const id = `apply-${key.name}-${program}`
  stage.world.apply(key, program, { rollout: quick({ strategy: 'immediate' }), ...more }, id)
  await stage.until(`${key.name} is applied`, () => stage.world.answers.get(id)?.ok === true)
  await stage.until(`${key.name} runs`, () => stage.job(key).rollouts.current?.counts.healthy === wanted)
}
const crash = (stage: Stage, role: string): void => {
  for (const one of stage.world.instances.filter((instance) => instance.role === role)) one.crash()
}
const placedOn0 = (stage: Stage, key: JobKey): boolean => stage.job(key).placement.nodes.has(n0)
const runs0 = (stage: Stage, key: JobKey): boolean => stage.runs(0, key).length > 0
const stateOf = (stage: Stage, key: JobKey) => stage.job(key).versions.state

interface LoggedEvent {
  readonly type: string
  readonly remove?: readonly string[]
  readonly lastHeardAt?: number
}

/** What stands in the log of a kind of event, oldest first. */
const eventsOf = (stage: Stage, type: string): readonly LoggedEvent[] =>
  stage.watch.log().flatMap((recorded) => {
    const read = readRecorded(recorded)
    const events: readonly LoggedEvent[] = read?.commit.ev ?? []
    return events.filter((event) => event.type === type)
  })

story('N1', 'a cordoned node keeps what it has, and gets nothing new', { nodes: 4 }, async (stage) => {
  await begin(stage, A, 'good', {})
  stage.world.tellNode(n0, 'cordon')
  await stage.pass(3_000)
  await begin(stage, B, 'good', {}, 3)
  await begin(stage, A, 'better', {})
  expect([placedOn0(stage, A), placedOn0(stage, B), runs0(stage, A)]).toEqual([true, false, true])
  expect(stage.job(B).placement.last?.leftOut).toEqual({ cordoned: 1 })
  stage.world.tellNode(n0, 'uncordon')
  await stage.until('it joins', () => runs0(stage, B))
})

story(
  'N2',
  'a drain stops the lower priority first, and the higher when that has stopped',
  { nodes: 4 },
  async (stage) => {
    await begin(stage, A, 'good', { priority: 90 })
    await begin(stage, B, 'good', { priority: 10 })
    const wasWrong: string[] = []
    stage.world.tellNode(n0, 'drain')
    await stage.until(
      'it is empty',
      () => {
        if (!placedOn0(stage, A) && runs0(stage, B)) wasWrong.push(stage.story())
        return !runs0(stage, A) && !runs0(stage, B)
      },
      5_000,
    )
    expect(wasWrong).toEqual([])
    const order = eventsOf(stage, 'PlacementChanged').filter(({ remove }) => remove?.includes(n0))
    expect(order).toHaveLength(2)
    expect([placedOn0(stage, A), stage.job(A).placement.nodes.size]).toEqual([false, 3])
  },
)

story('N2', 'the higher priority waits until the lower has been heard to have stopped', { nodes: 4 }, async (stage) => {
  await begin(stage, A, 'good', { priority: 90 })
  await begin(stage, B, 'good', { priority: 10 })
  stage.silence(0, true)
  stage.world.tellNode(n0, 'drain', { deadline: '10m' })
  await stage.pass(5 * MINUTE)
  expect([placedOn0(stage, A), placedOn0(stage, B), runs0(stage, B)]).toEqual([true, false, true])
  stage.silence(0, false)
  await stage.until('it is empty', () => !runs0(stage, A) && !runs0(stage, B), MINUTE)
})

story(
  'N2',
  'a batch job may finish, until the deadline stops it and what waited for it',
  { nodes: 4 },
  async (stage) => {
    await begin(stage, A, 'good', { priority: 90 })
    await begin(stage, B, 'good', { priority: 10, restart_policy: 'never' })
    stage.world.tellNode(n0, 'drain', { deadline: '2m' })
    await stage.pass(MINUTE + 50_000)
    expect([runs0(stage, A), runs0(stage, B)]).toEqual([true, true])
    await stage.pass(15_000)
    expect([runs0(stage, A), runs0(stage, B), placedOn0(stage, B)]).toEqual([false, false, false])
  },
)

story('N2', 'a batch job that has ended does not run again when the drain is over', { nodes: 4 }, async (stage) => {
  await begin(stage, B, 'short', { restart_policy: 'never' })
  // One that nobody hears the end of keeps the job from being completed.
  stage.silence(1, true)
  await stage.until('it has ended', () => !runs0(stage, B))
  await stage.pass(2_000)
  stage.world.tellNode(n0, 'drain', { deadline: '0s' })
  await stage.pass(5_000)
  stage.world.tellNode(n0, 'uncordon')
  await stage.pass(20_000)
  expect([stateOf(stage, B).type, eventsOf(stage, 'NodesGranted').length]).toEqual(['running', 1])
})

story('N2', 'uncordoned in the middle, a node gets back what it has lost', { nodes: 4 }, async (stage) => {
  await begin(stage, A, 'good', { priority: 90 })
  await begin(stage, B, 'good', { priority: 10, restart_policy: 'never' })
  stage.world.tellNode(n0, 'drain')
  await stage.pass(5_000)
  stage.world.tellNode(n0, 'uncordon')
  await stage.pass(20 * MINUTE)
  expect([runs0(stage, A), runs0(stage, B)]).toEqual([true, true])
  expect(eventsOf(stage, 'PlacementChanged').filter(({ remove }) => (remove?.length ?? 0) > 0)).toEqual([])
})

story(
  'N2',
  'a scheduler that starts in the middle of a drain keeps its order and its deadline',
  { nodes: 4 },
  async (stage) => {
    await begin(stage, A, 'good', { priority: 90 })
    await begin(stage, B, 'good', { priority: 10, restart_policy: 'never' })
    stage.world.tellNode(n0, 'drain', { deadline: '2m' })
    await stage.pass(3_000)
    await stage.world.takeSnapshot()
    crash(stage, 'scheduler')
    await stage.pass(30_000)
    await stage.world.start('scheduler')
    await stage.pass(MINUTE)
    expect([runs0(stage, A), runs0(stage, B)]).toEqual([true, true])
    crash(stage, 'scheduler')
    await stage.pass(2 * MINUTE)
    expect([runs0(stage, A), runs0(stage, B)]).toEqual([true, true])
    await stage.world.start('scheduler')
    await stage.pass(20_000)
    expect([runs0(stage, A), runs0(stage, B)]).toEqual([false, false])
  },
)

story(
  'T1',
  'a job that no node takes fails after its queue timeout, once, also with nobody there in time',
  { nodes: 4 },
  async (stage) => {
    const nowhere = { selector: { match_labels: { env: 'moon' } }, timeouts: { queue_timeout: '2m' } }
    stage.world.apply(A, 'good', nowhere, 'apply-a')
    await stage.until(
      'it waits',
      () => stage.world.answers.has('apply-a') && stateOf(stage, A).type === 'queued',
      10_000,
    )
    expect(stateOf(stage, A).details).toEqual({ selector: 4 })
    await stage.pass(MINUTE)
    crash(stage, 'scheduler')
    await stage.pass(5 * MINUTE)
    expect(stateOf(stage, A).type).toBe('queued')
    await stage.world.startAll({ scheduler: 2, engine: 0, api: 0 })
    await stage.pass(30_000)
    expect([stateOf(stage, A).type, stateOf(stage, A).reason]).toEqual(['failed', 'queue_timeout'])
    expect(eventsOf(stage, 'JobTimedOut')).toHaveLength(1)
    expect(await stage.send(A, 'rerun')).toBe('ok')
    await stage.until('it waits again', () => stateOf(stage, A).type === 'queued', 10_000)
  },
)

story(
  'T1',
  'the queue timeout counts from when it was queued, whatever is said of it since',
  { nodes: 4 },
  async (stage) => {
    const nowhere = { selector: { match_labels: { env: 'moon' } }, timeouts: { queue_timeout: '2m' } }
    stage.world.apply(A, 'good', nowhere, 'apply-a')
    await stage.pass(70_000)
    stage.world.tellNode(n0, 'remove', { force: true })
    await stage.pass(30_000)
    expect(stateOf(stage, A).details).toEqual({ selector: 3, removed: 1 })
    await stage.pass(30_000)
    expect(stateOf(stage, A).reason).toBe('queue_timeout')
  },
)

story(
  'T1',
  'a job that is not over after its total timeout fails, and stops everywhere',
  { nodes: 4 },
  async (stage) => {
    await begin(stage, A, 'good', { timeouts: { total_timeout: '3m', queue_timeout: '1m' } })
    stage.silence(1, true)
    await stage.pass(4 * MINUTE)
    expect([stateOf(stage, A).type, stateOf(stage, A).reason]).toEqual(['failed', 'total_timeout'])
    expect([stage.runs(0, A).length, stage.runs(1, A).length]).toEqual([0, 1])
    stage.silence(1, false)
    await stage.pass(MINUTE)
    expect([stage.runs(1, A).length, stage.job(A).rollouts.grants.size]).toEqual([0, 0])
  },
)

story('State', 'a job that has completed is not reopened by a node that joins later', { nodes: 4 }, async (stage) => {
  const selector = { match_labels: { env: 'production' } }
  await begin(stage, B, 'short', { restart_policy: 'never', selector }, 3)
  await stage.until('it has completed', () => stateOf(stage, B).type === 'completed')
  stage.world.tellNode(nodeName(3), 'label', { set: { env: 'production' } })
  await stage.pass(20_000)
  expect([stateOf(stage, B).type, stage.job(B).placement.nodes.size]).toEqual(['completed', 3])
  expect(await stage.send(B, 'rerun')).toBe('ok')
  await stage.until('it has completed on all of them', () => stateOf(stage, B).message === 'Completed on 4 nodes')
})

const connectionOf = (stage: Stage) => stage.watch.ledger().nodes.get(n0)?.connected

story(
  'State',
  'a scheduler that has just started condemns nobody, and believes no old connection for long',
  { nodes: 2 },
  async (stage) => {
    crash(stage, 'scheduler')
    stage.silence(0, true)
    await stage.pass(10 * MINUTE)
    const startedAt = stage.world.clock.nowMs()
    await stage.world.start('scheduler')
    await stage.pass(40_000)
    expect(connectionOf(stage)).toBe(true)
    await stage.pass(40_000)
    expect([connectionOf(stage), stage.watch.ledger().nodes.get(nodeName(1))?.connected]).toEqual([false, true])
    // Nobody knows when it fell silent, but that the new one has never heard it: the hours until it is lost begin there.
    const [away] = eventsOf(stage, 'NodeDisconnected')
    expect(Math.abs(Number(away?.lastHeardAt) - startedAt)).toBeLessThan(2_000)
    crash(stage, 'scheduler')
    stage.silence(0, false)
    await stage.pass(MINUTE)
    expect(connectionOf(stage)).toBe(false)
    await stage.world.start('scheduler')
    await stage.until('it is connected', () => connectionOf(stage) === true, 25_000)
  },
)
