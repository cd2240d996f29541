/** Single stories on the simulated world: what happens when the log itself is damaged, goes backwards, or is from later. */
import { compareGenerations, type DesiredDocument, type JobKey } from '@dunlin/contracts'
import { jobSubject } from '@dunlin/nats'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { A, B, quick, startStage, type Stage } from './run/stage.ts'

const everywhere = quick({ strategy: 'immediate' })
const halves = quick({ max_parallel: 50 })

let stage: Stage
beforeEach(async () => {
  stage = await startStage()
})
afterEach(() => stage.world.end())

const jobsIn = (document: DesiredDocument): string[] => document.executions.map(({ job }) => job.name).sort()
const append = async (key: JobKey, body: unknown): Promise<void> => {
  const last = await stage.world.store.log.last(jobSubject(key))
  const data = new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
  await stage.world.store.log.append({ subject: jobSubject(key), data, expected: last?.seq ?? 0 })
}
const restart = async (): Promise<void> => {
  for (const instance of stage.world.instances.slice()) instance.crash()
  await stage.world.startAll({ scheduler: 1, engine: 1, api: 1 })
}
const running = (key: JobKey): number => [0, 1, 2, 3].reduce((sum, node) => sum + stage.runs(node, key).length, 0)

describe('a damaged job', () => {
  it('is quarantined alone: its entries stay in the documents, other jobs go on', async () => {
    await stage.apply(A, 'good', everywhere)
    await stage.pass(10_000)
    const last = stage.watch.log().at(-1)?.seq ?? 0
    await append(A, 'this is no commit')
    await restart()
    await stage.pass(30_000)
    await stage.apply(B, 'good', everywhere)
    await stage.pass(20_000)
    for (const node of [0, 1, 2, 3]) expect(jobsIn(await stage.document(node))).toEqual(['a', 'b.c/d'])
    expect(stage.rollout(B).phase).toBe('completed')
    expect(running(A) + running(B)).toBe(8)
    expect(stage.broken().filter(({ detail }) => !detail.includes(`at ${last + 1}`))).toEqual([])
  })
  it('refuses decisions with log_gap, and says so to whoever asks', async () => {
    await stage.apply(A, 'good', everywhere)
    await stage.pass(10_000)
    await append(A, { s: 1, v: 900, cmd: 'x', by: 'user:x', at: 1, ev: [{ type: 'JobStopped' }] })
    await stage.pass(1_000)
    expect(await stage.send(A, 'stop')).toBe('log_gap')
    expect(running(A)).toBe(4)
  })
  it('a commit of a later release makes it read-only here, and nothing else', async () => {
    await stage.apply(A, 'good', everywhere)
    await stage.pass(10_000)
    const job = await stage.world.store.log.last(jobSubject(A))
    const { v } = JSON.parse(new TextDecoder().decode(job?.data)) as { v: number }
    await append(A, { s: 1, v: v + 1, cmd: 'x', by: 'user:x', at: 1, ev: [{ type: 'JobTeleported' }] })
    expect(await stage.send(A, 'stop')).toBe('needs_upgrade')
    await stage.apply(B, 'good', everywhere)
    await stage.pass(20_000)
    for (const node of [0, 1, 2, 3]) expect(jobsIn(await stage.document(node))).toEqual(['a', 'b.c/d'])
  })
})

describe('a log that went backwards', () => {
  it('raises the epoch, writes all documents again, and older content cannot come back', async () => {
    await stage.apply(A, 'good', everywhere)
    await stage.pass(10_000)
    const kept = stage.watch.log().at(-1)?.seq ?? 0
    await stage.apply(A, 'better', everywhere)
    await stage.pass(20_000)
    const before = await stage.document(0)
    stage.world.store.faults.log.rewindTo(kept)
    await stage.pass(60_000)
    const after = await stage.document(0)
    expect(compareGenerations(after.generation, before.generation)).toBeGreaterThan(0)
    expect(after.generation[0]).toBeGreaterThan(before.generation[0])
    const { versions } = stage.job(A)
    expect(after.executions[0]?.content).toBe(versions.content)
    expect(stage.runs(0, A)).toEqual([versions.content])
  })
})

describe('two owners at once', () => {
  it('are slower, not wrong', async () => {
    // The lease says nothing when its bucket answers nobody: both act.
    const { store } = stage.world
    const leases = { ...store.leases }
    let revision = 0
    Object.assign(store.leases, { put: async () => (revision += 1), get: async () => undefined })
    await stage.world.startAll({ scheduler: 1, engine: 2, api: 0 })
    for (let n = 0; n < 6; n += 1) {
      await stage.apply(A, n % 2 === 0 ? 'good' : 'better', halves)
      await stage.pass(7_000)
    }
    await stage.pass(120_000)
    Object.assign(store.leases, leases)
    expect(stage.broken()).toEqual([])
    expect(stage.rollout(A).phase).toBe('completed')
  })
})

describe('nodes that come and go', () => {
  it('an unreachable target is deferred, the rollout completes, and it converges when it is back', async () => {
    stage.silence(1, true)
    await stage.pass(60_000)
    await stage.apply(A, 'good', halves)
    await stage.pass(30_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 3, deferred: 1 } })
    expect(stage.job(A).versions.state.message).toContain('Job running on 3 nodes, 1 deferred')
    stage.silence(1, false)
    await stage.pass(60_000)
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, deferred: 0 })
  })
  it('a canary that promotes itself goes first and alone', async () => {
    await stage.apply(A, 'good', quick({ max_parallel: 50, strategy: 'canary', auto_promote: true }))
    await stage.pass(30_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'completed', waves: [1, 2, 1], counts: { healthy: 4 } })
  })
  it('a release that is broken everywhere reaches only as many nodes as the budget allows', async () => {
    await stage.apply(A, 'good', halves)
    await stage.pass(30_000)
    await stage.apply(A, 'bad', quick({ max_parallel: 25, no_auto_rollback: true }))
    await stage.pass(60_000)
    expect(stage.rollout(A)).toMatchObject({
      phase: 'halted',
      counts: { failed: 1 },
      halted: { reason: 'budget_exhausted' },
    })
    const [failed] = [...stage.rollout(A).slots.keys()]
    expect((await stage.document(Number(failed?.slice(4)))).executions.map(({ desired }) => desired)).toEqual([
      'stopped',
    ])
    expect(running(A)).toBe(3)
  })
})
