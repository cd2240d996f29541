/** Queue and total timeouts: found in the state, once, and harmless when they come late. */
import { describe, expect, it } from 'vitest'
import { nodeIds, present, startWorld, type World } from '../rollout/accounting/world.ts'
import { decideJob } from './decide.ts'
import { foldJobCommit } from './evolve.ts'
import type { Job, PresentJob } from './state.ts'
import { decideTimeout, nextTimeout } from './timeouts.ts'

const MINUTE = 60_000
const limits = (timeouts: object, world = startWorld({ nodes: nodeIds(2) })): World => {
  world.apply('a', {})
  const job = present(world)
  ;(job.versions as { spec: object }).spec = { ...job.versions.spec, timeouts }
  return world
}
let seq = 10_000
const fold = (job: Job, ev: readonly object[], at: number): PresentJob =>
  foldJobCommit(job, { s: 1, v: 1, cmd: '~', by: 'service:scheduler', at, ev: ev as never }, (seq += 1)) as PresentJob
const becomes = (job: Job, state: string, at: number, message = 'said so'): PresentJob =>
  fold(job, [{ type: 'JobStateChanged', state, reason: 'because', message }], at)
const types = (job: Job, at: number): string =>
  decideTimeout(job, at)
    .map(({ type }) => type)
    .join()

describe('the queue timeout', () => {
  it('counts from the last time that the job was queued, however often its words change', () => {
    const job = present(limits({ queue_timeout: '5m' }))
    expect(nextTimeout(job)).toBeUndefined()
    const t0 = job.versions.createdAt
    becomes(job, 'queued', t0 + 1_000)
    becomes(job, 'queued', t0 + 2_000, 'in other words')
    expect(nextTimeout(job)).toEqual({ timeout: 'queue', at: t0 + 1_000 + 5 * MINUTE })
    becomes(job, 'deploying', t0 + 3_000)
    expect(nextTimeout(job)).toBeUndefined()
    becomes(job, 'queued', t0 + 9_000)
    expect(nextTimeout(job)?.at).toBe(t0 + 9_000 + 5 * MINUTE)
  })
  it('begins anew with a version', () => {
    const world = limits({ queue_timeout: '5m' })
    becomes(present(world), 'queued', present(world).versions.createdAt + 1_000)
    limits({ queue_timeout: '5m' }, world)
    world.apply('b', {})
    expect(nextTimeout(present(world))).toBeUndefined()
  })
})

describe('the total timeout', () => {
  it('counts from the creation of the version, and not for what has come to an end', () => {
    const job = present(limits({ total_timeout: '1h' }))
    const at = job.versions.createdAt + 60 * MINUTE
    expect(nextTimeout(job)).toEqual({ timeout: 'total', at })
    for (const state of ['deploying', 'running', 'degraded', 'rollout_failed', 'rollout_paused'])
      expect(nextTimeout(becomes(job, state, 1))?.at).toBe(at)
    for (const state of ['completed', 'failed']) expect(nextTimeout(becomes(job, state, 1))).toBeUndefined()
  })
  it('comes first or not, and zero is none', () => {
    const job = present(limits({ total_timeout: '1h', queue_timeout: '5m' }))
    becomes(job, 'queued', job.versions.createdAt)
    expect(nextTimeout(job)?.timeout).toBe('queue')
    becomes(job, 'running', job.versions.createdAt)
    becomes(job, 'queued', job.versions.createdAt + 58 * MINUTE)
    expect(nextTimeout(job)?.timeout).toBe('total')
    expect(nextTimeout(present(limits({ total_timeout: '0s', queue_timeout: '0s' })))).toBeUndefined()
    expect(nextTimeout(present(limits({ total_timeout: 'for ever' })))).toBeUndefined()
  })
})

describe('a job that ran into a timeout', () => {
  const overdue = () => {
    const world = limits({ total_timeout: '1h' })
    for (const node of nodeIds(2)) world.wanted.add(node)
    world.place()
    world.advance()
    return { world, job: present(world), at: present(world).versions.createdAt + 60 * MINUTE }
  }
  it('is not ended before its time, and once', () => {
    const { job, at } = overdue()
    expect(types(job, at - 1)).toBe('')
    expect(types(job, at)).toBe('JobTimedOut,RolloutClosed')
    fold(job, decideTimeout(job, at), at)
    expect(types(job, at + 1)).toBe('')
  })
  it('has failed, and holds no grant', () => {
    const { job, at } = overdue()
    expect(job.rollouts.grants.size).toBeGreaterThan(0)
    fold(job, decideTimeout(job, at), at)
    const { lifecycle, state } = job.versions
    expect([lifecycle, state.type, state.reason, state.message]).toEqual([
      'failed',
      'failed',
      'total_timeout',
      'Not over within 1h',
    ])
    expect([job.rollouts.grants.size, job.rollouts.atRisk.size, job.rollouts.current?.phase]).toEqual([
      0,
      0,
      'canceled',
    ])
  })
  it.each(['apply', 'rerun'] as const)('runs again by %s, with a new time limit', (verb) => {
    const { job, at } = overdue()
    fold(job, decideTimeout(job, at), at)
    const head = { id: 'c', at: at + 5 }
    const { spec, specHash, content, id: newJobId } = job.versions
    const decision = decideJob(
      job,
      verb === 'rerun' ? { ...head, verb } : { ...head, verb, spec, specHash, content, newJobId },
    )
    if (!decision.ok) throw decision.error
    fold(job, decision.commits.flat(), at + 5)
    expect([job.versions.lifecycle, job.versions.state.type, nextTimeout(job)?.at]).toEqual([
      'active',
      'pending',
      at + 5 + 60 * MINUTE,
    ])
  })
  it('may be stopped and deleted', () => {
    const { job, at } = overdue()
    fold(job, decideTimeout(job, at), at)
    expect(decideJob(job, { id: 'c', at, verb: 'delete', force: false }).ok).toBe(true)
    expect(decideJob(job, { id: 'c', at, verb: 'stop' })).toMatchObject({ ok: true, result: { unchanged: false } })
    expect(decideJob(job, { id: 'c', at, verb: 'pause' })).toMatchObject({ ok: false, error: { code: 'wrong_phase' } })
  })
})
