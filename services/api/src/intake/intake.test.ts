import { operations } from '@dunlin/contracts'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import type { CommandQueue, QueuedCommand } from '@dunlin/eventstore'
import { commandSubject } from '@dunlin/nats'
import { afterEach, describe, expect, it } from 'vitest'
import { processSpec, startInProcess, type InProcess } from '../test-tools/in-process.ts'

const running: InProcess[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})

interface Outcome {
  readonly ok: boolean
  readonly command_id: string
  readonly version?: number
  readonly seq?: number
  readonly unchanged?: boolean
  readonly error?: { readonly code: string }
}

const start = async (store: MemoryStore = createMemoryStore()) => {
  const outcomes: (Outcome & { readonly subject: string })[] = []
  store.bus.subscribe('>', ({ subject, data }) => {
    outcomes.push({ ...(JSON.parse(new TextDecoder().decode(data)) as Outcome), subject })
  })
  const given = await startInProcess({ store, probeEveryMs: 20 })
  running.push(given)
  const publish = (name: string, verb: string, body: unknown, headers: Record<string, string> = {}): number =>
    store.intake.publish(
      commandSubject({ namespace: 'default', name }, verb),
      Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      headers,
    )
  const answered = async (count: number): Promise<typeof outcomes> => {
    await expect.poll(() => outcomes.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(count)
    return outcomes
  }
  return { ...given, publish, answered, outcomes }
}
const spec = (name: string, priority = 50) => ({ spec: processSpec(name, { priority }) })

describe('commands by subject', () => {
  it('are applied in order, answered on outcome.<id>, and leave the queue', async () => {
    const { publish, answered, store, send } = await start()
    for (let i = 1; i <= 5; i++) publish('web', 'apply', spec('web', i), { 'Nats-Msg-Id': `c.${i}` })
    publish('web', 'stop', '', { 'Nats-Msg-Id': 'halt' })
    const all = await answered(6)
    expect(all.map(({ ok, version }) => [ok, version])).toEqual([
      [true, 1],
      [true, 2],
      [true, 3],
      [true, 4],
      [true, 5],
      [true, 5],
    ])
    expect(all[0]).toMatchObject({
      subject: 'outcome.c=2E1',
      command_id: 'c.1',
      seq: 1,
      unchanged: false,
      namespace: 'default',
      name: 'web',
    })
    await expect.poll(() => store.intake.queued).toBe(0)
    const { status } = (await send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)
    expect([status.lifecycle, status.versions[0]?.by]).toEqual(['stopped', 'nats'])
    expect((await send('GET', '/api/v1/commands/c.3')).json()).toMatchObject({ ok: true, version: 3 })
  })

  it('steer what is there: roll back, run again, and are refused in a wrong phase with what is possible', async () => {
    const { publish, answered, send } = await start()
    publish('web', 'apply', spec('web', 1))
    publish('web', 'apply', { spec: processSpec('web', { priority: 2, config: { command: 'other' } }) })
    publish('web', 'rollback', { version: 1, reason: 'leaks', actor: 'ana' }, { 'Nats-Msg-Id': 'back' })
    publish('web', 'rollback', { version: 1, reason: 'leaks', actor: 'ana' }, { 'Nats-Msg-Id': 'back' })
    publish('web', 'rerun', '')
    publish('web', 'pause', { reason: 'lunch' })
    const all = await answered(6)
    expect(all.map(({ ok, version }) => [ok, version])).toEqual([
      [true, 1],
      [true, 2],
      [true, 3],
      [true, 3],
      [true, 4],
      [false, undefined],
    ])
    expect(all[5]?.error).toMatchObject({
      code: 'wrong_phase',
      phase: 'not_opened',
      possible: ['rerun', 'apply', 'stop'],
    })
    const { spec: now, status } = (await send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)
    // The content of version 1, and the priority of version 2.
    expect(now).toMatchObject({ config: { command: 'sleep' }, priority: 2 })
    expect(status.versions.slice(2)).toMatchObject([
      { version: 3, by: 'nats:?ana', rolled_back_from: 2, rolled_back_to: 1 },
      { version: 4, rerun: true },
    ])
  })

  it('mark a claimed actor as unverified', async () => {
    const { publish, answered, send } = await start()
    publish('web', 'apply', { ...spec('web'), actor: 'ana' })
    await answered(1)
    const { status } = (await send('GET', '/api/v1/jobs/default/web')).as(operations.getJob.response)
    expect(status.versions[0]?.by).toBe('nats:?ana')
  })

  it('are applied once when they are delivered or sent twice, also without an id', async () => {
    const { publish, answered, store, api } = await start()
    publish('web', 'apply', spec('web', 1), { 'Nats-Msg-Id': 'one' })
    publish('web', 'apply', spec('web', 1), { 'Nats-Msg-Id': 'one' })
    const [first, second] = await answered(2)
    expect(second).toEqual(first)
    publish('web', 'apply', spec('web', 2))
    const third = (await answered(3))[2]
    expect(third).toMatchObject({ ok: true, version: 2 })
    // A made id names the place in the queue, so a second delivery is the same command.
    const { seq } = await store.log.info().then(({ lastSeq }) => ({ seq: lastSeq }))
    expect(
      (await api.inject({ url: `/api/v1/commands/${encodeURIComponent(third?.command_id ?? '')}` })).json(),
    ).toMatchObject({ seq, version: 2 })
  })

  it('sent again with another body are refused, and the refusal can be read later', async () => {
    const { publish, answered, send } = await start()
    publish('web', 'apply', spec('web', 1), { 'Nats-Msg-Id': 'one' })
    publish('web', 'apply', spec('web', 2), { 'Nats-Msg-Id': 'one' })
    publish('web', 'delete', {}, { 'Nats-Msg-Id': 'too-early' })
    const all = await answered(3)
    expect(all.map((one) => one.error?.code)).toEqual([undefined, 'idempotency_key_reused', 'job_not_stopped'])
    const later = await send('GET', '/api/v1/commands/too-early')
    expect(later.json()).toMatchObject({
      ok: false,
      command_id: 'too-early',
      error: { code: 'job_not_stopped', status: 409 },
    })
    // What was applied under the id stands; the refusal does not cover it.
    expect((await send('GET', '/api/v1/commands/one')).json()).toMatchObject({ ok: true, version: 1 })
  })

  it.each<[string, string, unknown, Record<string, string>, string]>([
    ['an unknown verb', 'explode', {}, {}, 'unknown_verb'],
    ['a version that is no number', 'rollback', { version: '3' }, {}, 'invalid_command'],
    ['a body of another verb', 'pause', { version: 3 }, {}, 'invalid_command'],
    ['going back where nothing was applied', 'rollback', {}, {}, 'job_not_found'],
    ['text that is not JSON', 'apply', '{"spec"', {}, 'malformed_body'],
    ['a key twice', 'stop', '{"reason": "a", "reason": "b"}', {}, 'malformed_body'],
    ['a number beyond 2^53', 'apply', '{"spec": {"priority": 9007199254740993}}', {}, 'malformed_body'],
    ['no spec', 'apply', {}, {}, 'invalid_command'],
    ['an unknown field', 'stop', { reasn: 'x' }, {}, 'invalid_command'],
    ['the spec of another job', 'apply', spec('other'), {}, 'subject_mismatch'],
    ['an expired command', 'apply', { ...spec('web'), not_after: '2020-01-01T00:00:00Z' }, {}, 'expired'],
    [
      'a reply subject that is no inbox',
      'apply',
      spec('web'),
      { 'Dunlin-Reply-To': 'cmd.job.default.web.delete' },
      'reply_subject_refused',
    ],
    [
      'a reply subject with a wildcard',
      'apply',
      spec('web'),
      { 'Dunlin-Reply-To': '_INBOX.>' },
      'reply_subject_refused',
    ],
    ['an id that is none', 'apply', spec('web'), { 'Nats-Msg-Id': 'a b' }, 'invalid_command'],
    ["an id of the system's", 'apply', spec('web'), { 'Nats-Msg-Id': '~api.1' }, 'invalid_command'],
    ['a job that is not there', 'stop', {}, {}, 'job_not_found'],
  ])('%s is answered, changes nothing, and blocks nobody', async (_name, verb, body, headers, code) => {
    const { publish, answered, store } = await start()
    publish('web', verb, body, headers)
    publish('web', 'apply', spec('web'), { 'Nats-Msg-Id': 'good' })
    const [bad, good] = await answered(2)
    expect([bad?.ok, bad?.error?.code, good?.ok]).toEqual([false, code, true])
    expect((await store.log.info()).lastSeq).toBe(1)
    await expect.poll(() => store.intake.queued).toBe(0)
  })

  it('with an id that is none can be asked for under the id that was answered', async () => {
    const { publish, answered, send } = await start()
    publish('web', 'apply', spec('web'), { 'Nats-Msg-Id': 'a b' })
    publish('web', 'stop', {})
    for (const { command_id: id, error } of await answered(2))
      await expect
        .poll(async () => (await send('GET', `/api/v1/commands/${encodeURIComponent(id)}`)).json())
        .toMatchObject({ ok: false, command_id: id, error: { code: error?.code } })
  })

  it('on a subject that names nothing, or to a node, are answered and removed', async () => {
    const { store, answered } = await start()
    for (const subject of ['cmd.job.only.two', 'cmd.job.=zz.x.apply', 'cmd.node.edge-1.drain'])
      store.intake.publish(subject, Buffer.from('{}'))
    const all = await answered(3)
    expect(new Set(all.map((one) => one.error?.code))).toEqual(new Set(['invalid_subject', 'node_not_found']))
    await expect.poll(() => store.intake.queued).toBe(0)
  })

  it('answer to an inbox as well when one is named', async () => {
    const { publish, answered } = await start()
    publish('web', 'apply', spec('web'), { 'Nats-Msg-Id': 'one', 'Dunlin-Reply-To': '_INBOX.abc.1' })
    const all = await answered(2)
    expect(all.map(({ subject }) => subject).toSorted()).toEqual(['_INBOX.abc.1', 'outcome.one'])
    expect(all[0]?.command_id).toBe('one')
  })

  it('that are handled after a later one of the same job are refused as overtaken', async () => {
    const store = createMemoryStore()
    // The queue of two intakes at once: the second command is in the log before the first is handled.
    const late: QueuedCommand[] = []
    const commands: CommandQueue = {
      ...store.commands,
      consume: (handler) =>
        store.commands.consume(async (command) => {
          if (command.msgId === 'one' && late.length === 0) {
            late.push(command)
            return store.commands.refusal('').then(() => command.done())
          }
          await handler(command)
          for (const one of late.splice(0)) await handler({ ...one, done: async () => {}, refused: async () => {} })
        }),
    }
    const { publish, answered } = await start({ ...store, commands })
    publish('web', 'apply', spec('web', 1), { 'Nats-Msg-Id': 'one' })
    publish('web', 'apply', spec('web', 2), { 'Nats-Msg-Id': 'two' })
    const all = await answered(2)
    expect(all.map(({ command_id, error }) => [command_id, error?.code])).toEqual([
      ['two', undefined],
      ['one', 'overtaken'],
    ])
  })

  it('wait in place while the log takes nothing, and readiness says why', async () => {
    const { publish, answered, outcomes, store, send } = await start()
    store.faults.log.refuseAppends('log_full')
    publish('web', 'apply', spec('web', 1), { 'Nats-Msg-Id': 'one' })
    publish('web', 'stop', {}, { 'Nats-Msg-Id': 'two' })
    await expect.poll(async () => (await send('GET', '/readyz')).status).toBe(503)
    expect((await send('GET', '/readyz')).json()).toMatchObject({
      ready: false,
      reasons: [{ part: 'append', reason: 'log_full' }],
    })
    const direct = await send('PUT', '/api/v1/jobs', { body: processSpec('other') })
    expect([direct.status, direct.problem()]).toMatchObject([507, { code: 'log_full', retryable: true }])
    expect(direct.headers['retry-after']).toBe('1')
    expect(outcomes).toEqual([])
    store.faults.log.refuseAppends(undefined)
    const all = await answered(2)
    expect(all.map(({ ok, command_id }) => [ok, command_id])).toEqual([
      [true, 'one'],
      [true, 'two'],
    ])
    expect((await send('GET', '/readyz')).status).toBe(200)
  })
})
