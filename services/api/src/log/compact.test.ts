import { operations } from '@dunlin/contracts'
import { jobSubject, reportSubject } from '@dunlin/nats'
import { afterEach, describe, expect, it } from 'vitest'
import { BOOT, joinNode, processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

const running: InProcess[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
const start = async (options: Parameters<typeof startInProcess>[0] = {}): Promise<InProcess> => {
  const given = await startInProcess(options)
  running.push(given)
  return given
}
const compact = (given: InProcess, body: object) => given.send('POST', '/api/v1/log/compact', { body })
const subject = jobSubject({ namespace: 'default', name: 'web' })

describe('POST /api/v1/log/compact', () => {
  it('tells what it would purge, purges it, and every instance still shows the same', async () => {
    const given = await start()
    for (let i = 1; i <= 20; i++)
      await given.send('PUT', '/api/v1/jobs', {
        body: processSpec('web', { priority: i }),
        headers: { 'idempotency-key': `k${i}` },
      })
    await given.send('PUT', '/api/v1/jobs', { body: processSpec('other') })
    const before = (await given.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)

    const jobs = [{ namespace: 'default', name: 'web' }]
    const planned = (await compact(given, { jobs, dry_run: true })).as(operations.compactLog.response)
    expect(planned).toEqual({ dry_run: true, subjects: [{ subject, purged: 20 }], purged: 20 })
    expect((await given.store.log.info()).messages).toBe(21)

    const done = (await compact(given, { jobs })).as(operations.compactLog.response)
    expect(done).toMatchObject({ dry_run: false, purged: 20, subjects: [{ subject, purged: 20 }] })
    const fresh = await start({ store: given.store })
    for (const one of [given, fresh]) {
      const after = (await one.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)
      expect(after.status.seq).toBeGreaterThan(before.status.seq)
      expect({ ...after, status: { ...after.status, seq: before.status.seq } }).toEqual(before)
    }
    // What a caller's id came to is in the checkpoint as well.
    const repeated = await fresh.send('PUT', '/api/v1/jobs', {
      body: processSpec('web', { priority: 3 }),
      headers: { 'idempotency-key': 'k3' },
    })
    expect(repeated.json()).toMatchObject({ version: 3 })
    expect((await fresh.send('GET', '/api/v1/commands/k3')).json()).toMatchObject({ ok: true, version: 3 })
  })

  it('frees what a node wrote without end, once it is removed', async () => {
    const given = await start()
    await joinNode(given, 'edge-1')
    const reports = reportSubject('edge-1')
    const { log } = given.store
    let expected = (await log.last(reports))?.seq ?? 0
    for (let n = 0; n < 1_500; n++) {
      // Every third is none, and is not counted by anybody's schema.
      const text =
        n % 3 === 0
          ? '{}'
          : JSON.stringify({ s: 1, v: n + 2, cmd: `${BOOT}/${n + 2}`, by: 'node:edge-1', at: 1, ev: [] })
      const result = await log.append({ subject: reports, data: Buffer.from(text), expected })
      expected = result.ok ? result.seq : expected
    }
    expect((await compact(given, {})).json()).toMatchObject({ purged: 0 })
    await given.send('POST', '/api/v1/nodes/edge-1/remove', { body: { force: true } })
    const planned = (await compact(given, { dry_run: true })).as(operations.compactLog.response)
    expect(planned.subjects).toEqual([{ subject: reports, purged: 1_500 }])
    expect((await compact(given, {})).json()).toMatchObject({ purged: 1_500 })
    expect((await Array.fromAsync(log.read(reports))).length).toBe(1)
    expect((await compact(given, {})).json()).toMatchObject({ purged: 0 })
    const fresh = await start({ store: given.store })
    expect((await fresh.send('GET', '/api/v1/nodes/edge-1')).json()).toMatchObject({ admission: 'removed' })
  })

  it('leaves short stories alone when no job is named, and refuses an unknown job', async () => {
    const given = await start()
    await given.send('PUT', '/api/v1/jobs', { body: processSpec('web') })
    expect((await compact(given, {})).json()).toEqual({ dry_run: false, subjects: [], purged: 0 })
    expect((await compact(given, { jobs: [{ namespace: 'default', name: 'nobody' }] })).problem().code).toBe(
      'job_not_found',
    )
    expect((await compact(given, { jbos: [] })).problem().code).toBe('invalid_request')
  })
})
