import { operations } from '@dunlin/contracts'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { afterEach, describe, expect, it } from 'vitest'
import { processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

const running: InProcess[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
const start = async (store: MemoryStore, memory = {}): Promise<InProcess> => {
  const one = await startInProcess({ store, probeEveryMs: 20, ...memory })
  running.push(one)
  return one
}
const command = (text: string, more = {}) => processSpec('web', { config: { command: text }, ...more })
const apply = (one: InProcess, body: object) => one.send('PUT', '/api/v1/jobs', { body })
const rollback = (one: InProcess, body: object, headers = {}) =>
  one.send('POST', '/api/v1/jobs/default/web/rollback', { body, headers })
const shown = async (one: InProcess) =>
  (await one.send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)

describe('a rollback', () => {
  it('is worked out again when the job got another version while it was', async () => {
    const store = createMemoryStore()
    let meanwhile: (() => Promise<unknown>) | undefined
    // Reading the old version takes a moment, and in it somebody changes a label.
    const at: MemoryStore['log']['at'] = async (seq) => {
      const act = meanwhile
      meanwhile = undefined
      await act?.()
      return store.log.at(seq)
    }
    const one = await start({ ...store, log: { ...store.log, at } })
    await apply(one, command('one'))
    await apply(one, command('two'))
    meanwhile = () => apply(one, command('two', { labels: { team: 'late' } }))
    expect((await rollback(one, { version: 1 })).json()).toMatchObject({ ok: true, version: 4 })
    const job = await shown(one)
    expect(job.spec).toMatchObject({ config: { command: 'one' }, labels: { team: 'late' } })
    expect(job.status.versions.at(-1)).toMatchObject({ rolled_back_from: 3, rolled_back_to: 1 })
  })

  it('gives up with an error that says to try again when somebody is always faster', async () => {
    const store = createMemoryStore()
    let priority = 1
    let others = false
    const at: MemoryStore['log']['at'] = async (seq) => {
      if (others) await apply(one, command('two', { priority: (priority += 1) }))
      return store.log.at(seq)
    }
    const one: InProcess = await start({ ...store, log: { ...store.log, at } })
    await apply(one, command('one'))
    await apply(one, command('two'))
    others = true
    expect((await rollback(one, { version: 1 })).problem()).toMatchObject({ code: 'log_busy', retryable: true })
    others = false
    expect((await rollback(one, { version: 1 })).status).toBe(200)
  })

  it('is refused for what is wrong with the command first, and for its target last', async () => {
    const one = await start(createMemoryStore())
    const code = async (body: object, headers = {}) => (await rollback(one, body, headers)).problem().code
    expect(await code({ version: 5 })).toBe('job_not_found')
    await apply(one, command('one'))
    expect(await code({ version: 5 }, { 'if-match': 'version:7' })).toBe('precondition_failed')
    expect(await code({ version: 5 })).toBe('version_not_found')
    expect(await code({})).toBe('no_rollback_target')
    await one.send('POST', '/api/v1/jobs/default/web/stop')
    expect(await code({ version: 5 })).toBe('wrong_phase')
    expect(await code({ version: 0 })).toBe('invalid_request')
  })
})

describe('in a log that is nearly full', () => {
  it('what makes nodes work waits, and what stops them or goes back does not', async () => {
    const maxBytes = 60_000
    const one = await start(createMemoryStore({ maxBytes }))
    await apply(one, command('one'))
    await apply(one, command('two'))
    await one.store.log.append({ subject: 'evt.filler', expected: 0, data: new Uint8Array(maxBytes * 0.9) })
    await expect.poll(async () => (await one.send('GET', '/readyz')).status).toBe(503)
    const to = async (verb: string) => {
      const answer = await one.send('POST', `/api/v1/jobs/default/web/${verb}`, { body: {} })
      return [answer.status, answer.problem().code]
    }
    expect(await to('rerun')).toEqual([507, 'log_full'])
    expect((await apply(one, command('three'))).status).toBe(507)
    expect((await rollback(one, { version: 1 })).status).toBe(200)
    // Nothing was placed, so there is no rollout: that is what they are refused for, and not for room.
    for (const verb of ['pause', 'resume', 'promote', 'halt']) expect(await to(verb)).toEqual([409, 'wrong_phase'])
    expect((await one.send('POST', '/api/v1/jobs/default/web/stop')).status).toBe(200)
  })
})
