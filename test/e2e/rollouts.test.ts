/** Rollouts as people see them, on real processes: promoted, halted and rolled back, superseded, paused, and cut by faults. */
import type { JobSubjectEvent } from '@dunlin/contracts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLog } from './read-log.ts'
import { kill9, sleeper, startSystem, until, type System } from './system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ nodes: 6, instances: 2 })
})
afterAll(() => system.stop())

const keyOf = (name: string) => ({ namespace: 'default', name })
const loop = (seconds: number) => ({
  config: { command: '/bin/sh', args: ['-c', `while :; do sleep ${seconds}; done`] },
})
const policy = (more: object = {}) => ({
  rollout: {
    max_parallel: 34,
    health_check: { interval: '200ms', success_threshold: 2, failure_threshold: 2, deadline: '60s' },
    ...more,
  },
})
const statusOf = async (name: string) => (await system.client.jobs.get(keyOf(name))).status
const nodesOf = async (name: string) =>
  new Map(
    (await system.client.executions.list({ namespace: 'default', job: name })).items.map((one) => [one.node, one]),
  )
const phase = (name: string, version: number, wanted: string) =>
  until(
    `${name} version ${version} ${wanted}`,
    async () => {
      const { rollout } = await statusOf(name)
      return (rollout?.version === version && rollout.phase === wanted) || undefined
    },
    90_000,
  )
const completed = (name: string, version: number) => phase(name, version, 'completed')

type Event<T extends JobSubjectEvent['type']> = Extract<JobSubjectEvent, { type: T }> & { seq: number; by: string }
const eventsOf = async (name: string): Promise<readonly (JobSubjectEvent & { seq: number; by: string })[]> =>
  (await readLog(system.client))
    .filter((commit) => commit.kind === 'job' && commit.name === name)
    .flatMap(({ seq, by, events }) => (events as unknown as JobSubjectEvent[]).map((event) => ({ ...event, seq, by })))
const only = <T extends JobSubjectEvent['type']>(
  events: readonly (JobSubjectEvent & { seq: number; by: string })[],
  type: T,
): Event<T>[] => events.filter((event) => event.type === type) as Event<T>[]

describe('a canary', () => {
  it('holds after its canary wave until somebody promotes it', async () => {
    const canary = policy({ strategy: 'canary', canary_count: 1 })
    await system.client.jobs.apply({ spec: sleeper('canary', { ...loop(5), ...canary }) })
    await until('held', async () => (await statusOf('canary')).state.reason === 'canary_passed' || undefined)
    expect((await nodesOf('canary')).size).toBe(1)
    await system.client.rollouts.promote(keyOf('canary'), { reason: 'looks good' })
    await completed('canary', 1)
    const events = await eventsOf('canary')
    expect(only(events, 'HoldLifted')).toMatchObject([{ hold: 'canary', by: 'user:e2e', reason: 'looks good' }])
    const [lifted] = only(events, 'HoldLifted')
    const before = only(events, 'NodesGranted').filter(({ seq }) => seq < (lifted?.seq ?? 0))
    expect(before.flatMap(({ grants }) => grants)).toHaveLength(1)
    expect((await nodesOf('canary')).size).toBe(6)
  })
  it('is refused a promotion that it does not wait for, and told what is possible', async () => {
    await expect(system.client.rollouts.promote(keyOf('canary'))).rejects.toMatchObject({
      code: 'wrong_phase',
      data: { phase: 'completed' },
    })
  })
})

describe('a release that is broken everywhere', () => {
  it('touches two nodes, is rolled back by itself, and leaves the others alone', async () => {
    await system.client.jobs.apply({ spec: sleeper('broken', { ...loop(6), ...policy() }) })
    await completed('broken', 1)
    const before = await nodesOf('broken')
    const crash = { config: { command: '/bin/sh', args: ['-c', 'exit 3'] } }
    await system.client.jobs.apply({ spec: sleeper('broken', { ...crash, ...policy(), labels: { team: 'a' } }) })
    await completed('broken', 3)
    const events = await eventsOf('broken')
    const halted = only(events, 'RolloutHalted')
    expect(halted).toMatchObject([{ reason: 'analysis', evidence: { settled: 2, failed: 2, haltAt: 20 } }])
    const touched = only(events, 'NodesGranted')
      .filter(({ version }) => version === 2)
      .flatMap(({ grants }) => grants.map(([node]) => node))
    expect(touched).toHaveLength(2)
    // One commit: nobody can see a moment in which it has halted and is not being rolled back.
    const sameCommit = events.filter(({ seq }) => seq === halted[0]?.seq).map(({ type }) => type)
    expect(sameCommit.slice(0, 3)).toEqual(['RolloutHalted', 'JobUpdated', 'RolloutOpened'])
    const rolledBack = only(events, 'NodesGranted')
      .filter(({ version }) => version === 3)
      .flatMap(({ grants }) => grants.map(([node]) => node as string))
    expect(rolledBack.toSorted()).toEqual(touched.map(String).toSorted())
    const after = await nodesOf('broken')
    const untouched = [...before].filter(([node]) => !touched.some((one) => one === node))
    expect(untouched).toHaveLength(4)
    for (const [node, { id }] of untouched) expect(after.get(node)?.id, `${node} was never touched`).toBe(id)
    await until('running', async () => (await statusOf('broken')).state.state_type === 'running' || undefined)
    const job = await system.client.jobs.get(keyOf('broken'))
    expect(job.spec).toMatchObject({ labels: { team: 'a' }, config: { args: ['-c', 'while :; do sleep 6; done'] } })
    expect(job.status.versions.at(-1)).toMatchObject({ version: 3, rolled_back_from: 2 })
  })
  it('explains itself from the log, and every verdict comes out the same again', async () => {
    const { status } = await system.client.jobs.get(keyOf('broken'))
    const halted = status.past_rollouts.find(({ version }) => version === 2)
    expect(halted).toMatchObject({ phase: 'halted', halted: { reason: 'analysis' } })
    const explained = await system.client.rollouts.explain(keyOf('broken'), halted?.id ?? '')
    expect(explained.checked).toMatchObject({ decisions: 3, agree: 3, disagree: 0, not_computable: 0 })
    expect(explained.message).toContain('2 of 2 settled nodes failed')
    expect(explained.waits_for).toEqual([])
  })
  it('stays halted when it says no_auto_rollback, and goes back when a person asks', async () => {
    const crash = { config: { command: '/bin/sh', args: ['-c', 'exit 4'] } }
    await system.client.jobs.apply({ spec: sleeper('broken', { ...crash, ...policy({ no_auto_rollback: true }) }) })
    await phase('broken', 4, 'halted')
    await system.client.jobs.rollback(keyOf('broken'), { reason: 'as before' })
    await completed('broken', 5)
    const job = await system.client.jobs.get(keyOf('broken'))
    expect(job.spec).toMatchObject({ config: { args: ['-c', 'while :; do sleep 6; done'] } })
    expect(job.status.rollout).toMatchObject({ type: 'rollback' })
  })
})

const slow = (seconds: number) => ({
  ...loop(seconds),
  ...policy({ max_parallel: 17, health_check: { interval: '500ms', success_threshold: 2, deadline: '60s' } }),
})
const granted = (name: string, version: number, atLeast: number) =>
  until(`${name}: ${atLeast} granted`, async () => {
    const { rollout } = await statusOf(name)
    const { open = 0, healthy = 0 } = rollout?.counts ?? {}
    return (rollout?.version === version && open + healthy >= atLeast) || undefined
  })

describe('an update during a rollout', () => {
  it('supersedes it: nobody is granted the older content any more, and all end on the newer', async () => {
    await system.client.jobs.apply({ spec: sleeper('update', slow(7)) })
    await granted('update', 1, 2)
    await system.client.jobs.apply({ spec: sleeper('update', slow(8)) })
    await completed('update', 2)
    const events = await eventsOf('update')
    expect(only(events, 'RolloutClosed').map(({ outcome }) => outcome)).toEqual(['superseded', 'completed'])
    const updated = only(events, 'JobUpdated')[0]?.seq ?? 0
    for (const { seq, version } of only(events, 'NodesGranted')) expect(version === 2).toBe(seq > updated)
    const perNode = only(events, 'NodesGranted')
      .filter(({ version }) => version === 2)
      .flatMap(({ grants }) => grants.map(([node]) => node))
    expect(new Set(perNode).size).toBe(6)
    expect(perNode).toHaveLength(6)
  })
})

describe('a paused rollout', () => {
  it('grants nothing until somebody resumes it', async () => {
    await system.client.jobs.apply({ spec: sleeper('paused', slow(9)) })
    await granted('paused', 1, 1)
    await system.client.rollouts.pause(keyOf('paused'), { reason: 'lunch' })
    await until('shown', async () => (await statusOf('paused')).state.state_type === 'rollout_paused' || undefined)
    await until('settled', async () => (await statusOf('paused')).rollout?.counts.open === 0 || undefined)
    await system.client.rollouts.resume(keyOf('paused'))
    await completed('paused', 1)
    const events = await eventsOf('paused')
    const [placed, lifted] = [only(events, 'HoldPlaced')[0]?.seq ?? 0, only(events, 'HoldLifted')[0]?.seq ?? 0]
    expect(placed).toBeLessThan(lifted)
    expect(only(events, 'NodesGranted').filter(({ seq }) => seq > placed && seq < lifted)).toEqual([])
  })
})

/** At most one node at risk: every grant follows the verdict of the one before. */
const expectOneAtATime = async (name: string): Promise<void> => {
  const open = new Set<string>()
  let most = 0
  for (const event of await eventsOf(name)) {
    if (event.type === 'NodesGranted') for (const [node] of event.grants) open.add(node)
    if (event.type === 'VerdictsReached') for (const { node } of event.verdicts) open.delete(node)
    most = Math.max(most, open.size)
  }
  expect(most).toBeGreaterThan(0)
  expect(most, `nodes of ${name} at risk at once`).toBeLessThanOrEqual(2)
}

describe('engines', () => {
  it('may be killed in the middle of a wave: the budget holds and nobody is granted twice', async () => {
    await system.client.jobs.apply({ spec: sleeper('killed', slow(10)) })
    await granted('killed', 1, 2)
    for (const engine of system.engines) kill9(engine)
    await completed('killed', 1)
    await expectOneAtATime('killed')
    const grants = only(await eventsOf('killed'), 'NodesGranted').flatMap(({ grants: each }) => each)
    expect(grants).toHaveLength(6)
  })
  it('may both believe that they lead: one that slept through its lease wakes up and does no harm', async () => {
    await system.client.jobs.apply({ spec: sleeper('two', slow(11)) })
    await granted('two', 1, 1)
    const pids = system.engines.map(({ pid }) => pid).filter((pid) => pid !== undefined)
    const [first, second] = pids
    if (first === undefined || second === undefined) throw new Error('two engines should run')
    // Whichever leads sleeps for longer than its lease; then both are awake, each with its own idea of who leads.
    for (const pid of pids) {
      process.kill(pid, 'SIGSTOP')
      try {
        await new Promise((resolve) => setTimeout(resolve, 11_000))
      } finally {
        process.kill(pid, 'SIGCONT')
      }
    }
    await completed('two', 1)
    await expectOneAtATime('two')
    const grants = only(await eventsOf('two'), 'NodesGranted').flatMap(({ grants: each }) => each)
    expect(grants).toHaveLength(6)
  })
})
