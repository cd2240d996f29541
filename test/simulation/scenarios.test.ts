/** Single stories on the simulated world: what happens when the log itself is damaged, goes backwards, or is from later. */
import { compareGenerations, desiredDocumentSchema, type DesiredDocument, type NodeId } from '@dunlin/contracts'
import { foldings, isPresent, type Job } from '@dunlin/domain'
import { createFold } from '@dunlin/eventstore'
import { jobSubject, parseLogSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { checkHistory, checkRest, readLog } from './laws.ts'
import { createWorld, type World } from './world.ts'

const A = { namespace: 'default', name: 'a' }
const B = { namespace: 'default', name: 'b' }
const everywhere = {
  selector: {},
  rollout: { strategy: 'immediate', health_check: { interval: '1s', success_threshold: 1, deadline: '60s' } },
}
const waves = (more: Readonly<Record<string, unknown>> = {}) => ({
  selector: {},
  rollout: { max_parallel: 50, health_check: { interval: '1s', success_threshold: 1, deadline: '60s' }, ...more },
})

let world: World
beforeEach(async () => {
  world = createWorld(1, 4)
  await world.startScheduler()
  await world.startEngine()
  await pass(5_000)
})
afterEach(() => {
  world.agents.stop()
  for (const instance of world.instances.slice()) instance.crash()
})

const pass = (ms: number): Promise<void> => world.clock.run(world.clock.monotonicMs() + ms)
const jobOf = async (key: typeof A): Promise<Job> => {
  const fold = createFold({ route: parseLogSubject, kinds: foldings })
  for (const recorded of await readLog(world)) fold.apply(recorded)
  const job = fold.get('job', `${key.namespace}/${key.name}`)?.state
  if (job === undefined || !isPresent(job)) throw new Error('there is no such job')
  return job
}
const documentOf = async (node: string): Promise<DesiredDocument> => {
  const entry = await world.store.desired.get(node)
  return desiredDocumentSchema.parse(JSON.parse(new TextDecoder().decode(entry?.value)))
}
const jobsIn = (document: DesiredDocument): string[] => document.executions.map(({ job }) => job.name).sort()
const crashAll = (): void => {
  for (const instance of world.instances.slice()) instance.crash()
}
const append = async (key: typeof A, body: unknown): Promise<void> => {
  const last = await world.store.log.last(jobSubject(key))
  const data = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  await world.store.log.append({ subject: jobSubject(key), data, expected: last?.seq ?? 0 })
}

describe('a damaged job', () => {
  it('is quarantined alone: its entries stay in the documents, other jobs go on', async () => {
    await Promise.all([world.apply(A, 'good', everywhere, 'a1'), pass(10_000)])
    await append(A, 'this is no commit')
    crashAll()
    await Promise.all([world.startScheduler(), world.startEngine()])
    await pass(30_000)
    await Promise.all([world.apply(B, 'good', everywhere, 'b1'), pass(20_000)])
    for (const node of world.agents.nodes.keys()) expect(jobsIn(await documentOf(node))).toEqual(['a', 'b'])
    expect((await jobOf(B)).rollouts.current?.phase).toBe('completed')
    expect(
      [...world.agents.nodes.values()].every((node) =>
        [...node.executions.values()].every(({ state }) => state === 'running'),
      ),
    ).toBe(true)
  })
  it('refuses decisions with log_gap, and says so to whoever asks', async () => {
    await Promise.all([world.apply(A, 'good', everywhere, 'a1'), pass(10_000)])
    await append(A, { s: 1, v: 900, cmd: 'x', by: 'user:x', at: 1, ev: [{ type: 'JobStopped' }] })
    await pass(1_000)
    await Promise.all([world.send(A, { verb: 'stop' }, 'a2'), pass(5_000)])
    expect(world.story.at(-1)).toContain('log_gap')
    expect(world.agents.counts()['running']).toBe(4)
  })
  it('a commit of a later release makes it read-only here, and nothing else', async () => {
    await Promise.all([world.apply(A, 'good', everywhere, 'a1'), pass(10_000)])
    const job = await world.store.log.last(jobSubject(A))
    const { v } = JSON.parse(new TextDecoder().decode(job?.data)) as { v: number }
    await append(A, { s: 1, v: v + 1, cmd: 'x', by: 'user:x', at: 1, ev: [{ type: 'JobTeleported' }] })
    await Promise.all([world.send(A, { verb: 'stop' }, 'a2'), world.apply(B, 'good', everywhere, 'b1'), pass(20_000)])
    expect(world.story.join('\n')).toContain('needs_upgrade')
    for (const node of world.agents.nodes.keys()) expect(jobsIn(await documentOf(node))).toEqual(['a', 'b'])
  })
})

describe('a log that went backwards', () => {
  it('raises the epoch, writes all documents again, and older content cannot come back', async () => {
    await Promise.all([world.apply(A, 'good', everywhere, 'a1'), pass(10_000)])
    const kept = (await world.store.log.info()).lastSeq
    await Promise.all([world.apply(A, 'better', everywhere, 'a2'), pass(20_000)])
    const before = await documentOf('sim-000000')
    world.store.faults.log.rewindTo(kept)
    await pass(60_000)
    const after = await documentOf('sim-000000')
    expect(compareGenerations(after.generation, before.generation)).toBeGreaterThan(0)
    expect(after.generation[0]).toBeGreaterThan(before.generation[0])
    const job = await jobOf(A)
    expect(after.executions[0]?.content).toBe(job.versions.is === 'present' ? job.versions.content : '')
    const node = world.agents.nodes.get('sim-000000' as NodeId)
    const running = [...(node?.executions.values() ?? [])].filter(({ state }) => state === 'running')
    expect(running.map(({ entry }) => entry.content)).toEqual([after.executions[0]?.content])
  })
})

describe('two owners at once', () => {
  it('are slower, not wrong', async () => {
    // The lease says nothing when its bucket answers nobody: both act.
    const leases = { ...world.store.leases }
    let revision = 0
    Object.assign(world.store.leases, { put: async () => (revision += 1), get: async () => undefined })
    await Promise.all([world.startScheduler(), world.startEngine(), world.startEngine()])
    for (let n = 0; n < 6; n += 1)
      await Promise.all([world.apply(A, n % 2 === 0 ? 'good' : 'better', waves(), `a${n}`), pass(7_000)])
    await pass(120_000)
    Object.assign(world.store.leases, leases)
    const { broken, fold } = checkHistory(world, await readLog(world))
    expect([...broken, ...(await checkRest(world, fold))]).toEqual([])
    expect((await jobOf(A)).rollouts.current?.phase).toBe('completed')
  })
})

describe('nodes that come and go', () => {
  it('an unreachable target is deferred, the rollout completes, and it converges when it is back', async () => {
    const away = 'sim-000001' as NodeId
    world.agents.silence(away, true)
    await pass(60_000)
    await Promise.all([world.apply(A, 'good', waves(), 'a1'), pass(30_000)])
    const job = await jobOf(A)
    expect(job.rollouts.current).toMatchObject({ phase: 'completed', counts: { healthy: 3, deferred: 1 } })
    expect(job.versions.is === 'present' && job.versions.state.message).toBe('Job running on 3 nodes, 1 deferred')
    world.agents.silence(away, false)
    await pass(60_000)
    expect((await jobOf(A)).rollouts.current?.counts).toMatchObject({ healthy: 4, deferred: 0 })
  })
  it('a canary that promotes itself goes first and alone', async () => {
    await Promise.all([world.apply(A, 'good', waves({ strategy: 'canary', auto_promote: true }), 'a1'), pass(30_000)])
    const { current } = (await jobOf(A)).rollouts
    expect(current).toMatchObject({ phase: 'completed', waves: [1, 2, 1], counts: { healthy: 4 } })
  })
  it('a release that is broken everywhere reaches only as many nodes as the budget allows', async () => {
    await Promise.all([world.apply(A, 'good', waves(), 'a1'), pass(30_000)])
    await Promise.all([world.apply(A, 'bad', waves({ max_parallel: 25 }), 'a2'), pass(60_000)])
    const job = await jobOf(A)
    expect(job.rollouts.current).toMatchObject({
      phase: 'halted',
      counts: { failed: 1 },
      halted: { reason: 'budget_exhausted' },
    })
    const document = await documentOf([...(job.rollouts.current?.slots.keys() ?? [])][0] ?? '')
    expect(document.executions.map(({ desired }) => desired)).toEqual(['stopped'])
    expect(world.agents.counts()['running']).toBe(3)
  })
})
