import type { Commit, JobId, JobSubjectEvent, NodeId, Sha256 } from '@dunlin/contracts'
import { given } from '@dunlin/testkit'
import { describe, expect, it } from 'vitest'
import { decideJob, type JobCommand } from './decide.ts'
import { foldJobCommit } from './evolve.ts'
import { REMEMBER_AT_LEAST } from './remembered.ts'
import { isPresent, noJob, type Job } from './state.ts'

const hash = (letter: string) => letter.repeat(64) as Sha256
const JOB_A = '01J00000000000000000000000' as JobId
const JOB_B = '01J00000000000000000000001' as JobId
const decider = {
  initial: noJob,
  fold: (job: Job, ev: readonly JobSubjectEvent[], n: number) =>
    foldJobCommit(job, { s: 1, v: n, cmd: `~${n}`, by: 'user:ann', at: n * 1000, ev }, n),
  decide: decideJob,
}
const created: JobSubjectEvent = {
  type: 'JobCreated',
  jobId: JOB_A,
  version: 1,
  spec: { name: 'a' },
  specHash: hash('a'),
  content: hash('c'),
}
const apply = (letter: string, more: Partial<JobCommand> = {}): JobCommand =>
  ({
    verb: 'apply',
    id: 'x',
    at: 5000,
    spec: { name: letter },
    specHash: hash(letter),
    content: hash('c'),
    newJobId: JOB_B,
    ...more,
  }) as JobCommand
const stop: JobCommand = { verb: 'stop', id: 'x', at: 5000, reason: 'enough' }
const remove = (force: boolean): JobCommand => ({ verb: 'delete', id: 'x', at: 5000, force })

describe('apply', () => {
  it('creates a job whose name is free', () =>
    given(decider)
      .when(apply('a'))
      .then([{ type: 'JobCreated', jobId: JOB_B, version: 1 }]))
  it('raises the version when the spec changed', () =>
    given(decider, [[created]])
      .when(apply('b'))
      .then([{ type: 'JobUpdated', version: 2 }]))
  it('writes nothing for an identical spec', () =>
    given(decider, [[created]])
      .when(apply('a'))
      .nothing())
  it('notes an unchanged command that carries a caller id', () =>
    given(decider, [[created]])
      .when(apply('a', { req: hash('f') }))
      .then([{ type: 'CommandNoted', outcome: { version: 1, revision: 1, jobId: JOB_A, unchanged: true } }]))
  it('runs a stopped job again, even with an identical spec', () =>
    given(decider, [[created], [{ type: 'JobStopped' }]])
      .when(apply('a'))
      .then([{ type: 'JobUpdated', version: 2 }]))
  it('makes a new incarnation after a delete, and versions go on counting', () =>
    given(decider, [[created], [{ type: 'JobDeleted', forced: true }]])
      .when(apply('a'))
      .then([{ type: 'JobCreated', jobId: JOB_B, version: 2 }]))
  it('refuses a writer that saw another revision, and says which there is', () => {
    const decision = decideJob(decider.fold(noJob(), [created], 1), apply('b', { expected: { revision: 7 } }))
    expect(decision.ok ? undefined : decision.error.toProblem()).toMatchObject({
      code: 'precondition_failed',
      status: 412,
      version: 1,
      revision: 1,
    })
  })
  it('accepts a writer that saw this version, whatever the revision is by now', () =>
    given(decider, [[created], [{ type: 'JobStateChanged', state: 'running', reason: 'r', message: 'm' }]])
      .when(apply('b', { expected: { version: 1 } }))
      .then([{ type: 'JobUpdated', version: 2 }]))
  it('refuses a command that came after its not_after', () =>
    given(decider)
      .when(apply('a', { notAfter: 4999 }))
      .refuses('expired'))
})

describe('stop and delete', () => {
  it('stops a job and closes its rollout in one commit', () => {
    const opened: JobSubjectEvent = {
      type: 'RolloutOpened',
      rollout: JOB_A as never,
      rolloutType: 'create',
      version: 1,
      content: hash('c'),
      policy: {} as never,
      seed: 1,
    }
    given(decider, [[created], [opened]])
      .when(stop)
      .then([
        { type: 'JobStopped', reason: 'enough' },
        { type: 'RolloutClosed', outcome: 'canceled' },
      ])
  })
  it('says that there is no such job', () => given(decider).when(stop).refuses('job_not_found'))
  it('changes nothing when it is stopped already', () =>
    given(decider, [[created], [{ type: 'JobStopped' }]])
      .when(stop)
      .nothing())
  it('deletes only what has come to rest', () =>
    given(decider, [[created]])
      .when(remove(false))
      .refuses('job_not_stopped'))
  it('deletes what is stopped', () =>
    given(decider, [[created], [{ type: 'JobStopped' }]])
      .when(remove(false))
      .then([{ type: 'JobDeleted' }]))
  it('deletes anything by force', () =>
    given(decider, [[created]])
      .when(remove(true))
      .then([{ type: 'JobDeleted', forced: true }]))
  it('a deleted job is not found any more', () =>
    given(decider, [[created], [{ type: 'JobDeleted', forced: true }]])
      .when(stop)
      .refuses('job_not_found'))
  it('voids every grant', () => {
    const job = given(decider, [[created]])
      .when(stop)
      .state()
    job.rollouts.grants.set('n1' as NodeId, {} as never)
    const after = decider.fold(job, [{ type: 'JobDeleted', forced: true }], 9)
    expect(after.rollouts.grants.size + after.rollouts.atRisk.size).toBe(0)
  })
})

describe('repeats and order', () => {
  const commit = (
    id: string,
    req: string | undefined,
    at: number,
    seq: number,
    ev: readonly JobSubjectEvent[],
  ): Commit<JobSubjectEvent> => ({
    s: 1,
    v: seq,
    cmd: id,
    by: 'user:ann',
    at,
    ...(req === undefined ? {} : { req }),
    ev,
  })
  it('answers a repeated command with its recorded outcome', () => {
    const job = foldJobCommit(noJob(), commit('k1', hash('f'), 1, 1, [created]), 1)
    const again = decideJob(job, apply('a', { id: 'k1', req: hash('f') }))
    expect(again).toMatchObject({ ok: true, commits: [], result: { version: 1, revision: 1, unchanged: false } })
  })
  it('refuses the same id with another body', () => {
    const job = foldJobCommit(noJob(), commit('k1', hash('f'), 1, 1, [created]), 1)
    expect(decideJob(job, apply('b', { id: 'k1', req: hash('e') }))).toMatchObject({
      error: { code: 'idempotency_key_reused' },
    })
  })
  it('refuses a queued command that a later one of the same queue has overtaken', () => {
    const source = { created: '2026-01-01T00:00:00Z', seq: 5 }
    const job = foldJobCommit(noJob(), { ...commit('k1', undefined, 1, 1, [created]), src: source }, 1)
    expect(decideJob(job, apply('b', { src: { ...source, seq: 4 } }))).toMatchObject({ error: { code: 'overtaken' } })
    expect(decideJob(job, apply('b', { src: { created: 'another queue', seq: 1 } }))).toMatchObject({ ok: true })
  })
  it('looks up a remembered id before it looks at the order', () => {
    const source = { created: '2026-01-01T00:00:00Z', seq: 5 }
    let job = foldJobCommit(noJob(), { ...commit('k1', hash('f'), 1, 1, [created]), src: source }, 1)
    job = foldJobCommit(
      job,
      { ...commit('k2', hash('d'), 2, 2, [{ type: 'JobStopped' }]), src: { ...source, seq: 6 } },
      2,
    )
    expect(decideJob(job, apply('a', { id: 'k1', req: hash('f'), src: source }))).toMatchObject({
      ok: true,
      commits: [],
    })
  })
  it('keeps the last 16 ids however old, and forgets older ones after a day', () => {
    const job: Job = noJob()
    foldJobCommit(job, commit('first', hash('f'), 1, 1, [created]), 1)
    for (let n = 2; n <= 40; n += 1)
      foldJobCommit(
        job,
        commit(`id${n}`, hash('f'), n, n, [{ type: 'JobStateChanged', state: 'running', reason: `${n}`, message: '' }]),
        n,
      )
    expect(job.commands.byId.size).toBe(40)
    foldJobCommit(job, commit('late', hash('f'), 3 * 86_400_000, 41, [{ type: 'JobStopped' }]), 41)
    expect([...job.commands.byId.keys()]).toHaveLength(REMEMBER_AT_LEAST)
    expect(isPresent(job)).toBe(true)
  })
})
