import { operations } from '@dunlin/contracts'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

let given: InProcess | undefined
afterEach(() => given?.stop())
const reasons = async (one: InProcess): Promise<string[]> =>
  (await one.send('GET', '/readyz')).as(operations.getReadiness.response).reasons.map(({ reason }) => reason)

describe('readiness', () => {
  it('says no after a refused append, answers 503, and yes when the log takes something again', async () => {
    given = await startInProcess({ probeEveryMs: 60_000 })
    given.store.faults.log.refuseAppends('log_unavailable')
    const refused = await given.send('PUT', '/api/v1/jobs', { body: processSpec('web') })
    expect([refused.status, refused.problem()]).toMatchObject([503, { code: 'log_unavailable', retryable: true }])
    expect(await reasons(given)).toEqual(['log_unavailable'])
    given.store.faults.log.refuseAppends(undefined)
    expect((await given.send('PUT', '/api/v1/jobs', { body: processSpec('web') })).status).toBe(200)
    expect(await reasons(given)).toEqual([])
  })

  it('comes back by itself when the log answers and has room, because nobody sends commands to who is not ready', async () => {
    const one = await startInProcess({ probeEveryMs: 20 })
    given = one
    one.store.faults.log.refuseAppends('log_unavailable')
    await one.send('PUT', '/api/v1/jobs', { body: processSpec('web') })
    expect(await reasons(one)).toEqual(['log_unavailable'])
    await expect.poll(() => reasons(one)).toEqual([])
  })

  it('says no when the log is nearly full', async () => {
    const one = await startInProcess({ probeEveryMs: 20, memory: { maxBytes: 4_000 } })
    given = one
    let status = 200
    for (let i = 0; status === 200 && i < 100; i++) {
      const answer = await one.send('PUT', '/api/v1/jobs', { body: processSpec(`web-${i}`) })
      status = answer.status
    }
    expect(status).toBe(507)
    await expect.poll(() => reasons(one)).toContain('log_full')
  })

  it('takes no spec any more at 90 %, but a stop, and answers repeats', async () => {
    const maxBytes = 40_000
    const one = await startInProcess({ probeEveryMs: 20, memory: { maxBytes } })
    given = one
    const first = { body: processSpec('web'), headers: { 'idempotency-key': 'first' } }
    expect((await one.send('PUT', '/api/v1/jobs', first)).status).toBe(200)
    await one.store.log.append({ subject: 'evt.filler', expected: 0, data: new Uint8Array(maxBytes * 0.9) })
    await expect.poll(() => reasons(one)).toContain('log_full')
    const refused = await one.send('PUT', '/api/v1/jobs', { body: processSpec('new') })
    expect([refused.status, refused.problem()]).toMatchObject([507, { code: 'log_full', retryable: true }])
    expect((await one.send('PUT', '/api/v1/jobs', first)).status).toBe(200)
    expect((await one.send('POST', '/api/v1/jobs/default/web/stop', { body: {} })).status).toBe(200)
  })

  it('says no while the connection is lost, and answers reads from what it knows', async () => {
    const one = await startInProcess()
    given = one
    await one.send('PUT', '/api/v1/jobs', { body: processSpec('web') })
    one.store.faults.log.cut()
    await expect.poll(() => reasons(one)).toContain('disconnected')
    expect((await one.send('GET', '/api/v1/jobs/default/web')).status).toBe(200)
    one.store.faults.log.restore()
    await expect.poll(() => reasons(one)).toEqual([])
  })

  it('rebuilds what it shows when the log went backwards', async () => {
    const one = await startInProcess()
    given = one
    for (const name of ['a', 'b', 'c']) await one.send('PUT', '/api/v1/jobs', { body: processSpec(name) })
    one.store.faults.log.rewindTo(1)
    const names = async (): Promise<unknown> => {
      const answer = await one.send('GET', '/api/v1/jobs')
      return answer.status === 200
        ? answer.as(operations.listJobs.response).items.map(({ spec }) => spec.name)
        : undefined
    }
    await expect.poll(names).toEqual(['a'])
    expect((await one.send('PUT', '/api/v1/jobs', { body: processSpec('b') })).json()).toMatchObject({
      version: 1,
      seq: 2,
    })
  })

  it('is shared knowledge of several instances: each reads what the other wrote', async () => {
    const store = createMemoryStore()
    const one = await startInProcess({ store })
    given = one
    const other = await startInProcess({ store })
    const { seq } = (await one.send('PUT', '/api/v1/jobs', { body: processSpec('web') })).as(
      operations.applyJob.response,
    )
    expect((await other.send('GET', `/api/v1/jobs/default/web?min_seq=${seq}`)).status).toBe(200)
    // Both write the same job at once: the compare-and-set lets each decision be made on what is there.
    const both = await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const body = processSpec('web', { priority: i + 1 })
        return (i % 2 === 0 ? one : other).send('PUT', '/api/v1/jobs', { body })
      }),
    )
    expect(both.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect(new Set(both.map((answer) => answer.as(operations.applyJob.response).version)).size).toBe(20)
    const { lastSeq } = await store.log.info()
    const shown = async (api: InProcess) =>
      (await api.send('GET', `/api/v1/jobs/default/web?min_seq=${lastSeq}`)).json()
    expect(await shown(other)).toEqual(await shown(one))
    await other.stop()
  })
})
