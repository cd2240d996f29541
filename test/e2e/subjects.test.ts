/** Commands by subject, sent by a plain NATS client to the real API on a real server. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connectCommands, type CommandClient, type Outcome } from './command-client.ts'
import { readLog } from './read-log.ts'
import { sleeper, startSystem, until, type System } from './system.ts'

let system: System
let client: CommandClient
beforeAll(async () => {
  system = await startSystem({ nodes: 0, instances: 0 })
  client = await connectCommands(system.nats.url)
})
afterAll(async () => {
  await client.close()
  await system.stop()
})

let made = 0
/** A name, an id, that nothing else uses. */
const fresh = (what: string): string => `${what}-${(made += 1)}`
const on = (name: string, verb: string, namespace = 'default'): string => `cmd.job.${namespace}.${name}.${verb}`
const apply = (name: string, more: Readonly<Record<string, unknown>> = {}) => ({ spec: sleeper(name, more) })
const read = async (id: string): Promise<unknown> =>
  (await fetch(`${system.url}/api/v1/commands/${encodeURIComponent(id)}`)).json()
const lastSeq = async (): Promise<number> => (await system.client.jobs.list({ limit: 1 })).seq

describe('a command by subject', () => {
  it('is answered on outcome.<id> and in the inbox, and can be asked for later', async () => {
    const name = fresh('web')
    const id = fresh('deploy.2026/')
    const inInbox = await client.ask(on(name, 'apply'), apply(name), { id })
    expect(inInbox).toMatchObject({ ok: true, command_id: id, version: 1, revision: 1, unchanged: false })
    expect(inInbox.job_id).toMatch(/^[0-9A-Z]{26}$/)
    expect(await client.outcome(id)).toEqual(inInbox)
    expect(await read(id)).toMatchObject({ ...inInbox })
    const { status } = await system.client.jobs.get({ namespace: 'default', name })
    expect(status).toMatchObject({ version: 1, lifecycle: 'active' })
    const stopped = await client.ask(on(name, 'stop'), { reason: 'enough' }, { id: fresh('stop') })
    expect(stopped).toMatchObject({ ok: true, version: 1, revision: 2, job_id: inInbox.job_id })
    const deleted = await client.ask(on(name, 'delete'), { reason: 'gone' }, { id: fresh('delete') })
    expect(deleted).toMatchObject({ ok: true, revision: 3 })
    await expect(system.client.jobs.get({ namespace: 'default', name })).rejects.toMatchObject({
      code: 'job_not_found',
    })
  })
  it('needs no id: one is made, answered, and can be asked for', async () => {
    const name = fresh('web')
    const outcome = await client.ask(on(name, 'apply'), apply(name))
    expect(outcome).toMatchObject({ ok: true, version: 1 })
    expect(outcome.command_id).not.toBe('')
    expect(await client.outcome(outcome.command_id)).toEqual(outcome)
    expect(await read(outcome.command_id)).toMatchObject({ ok: true, seq: outcome.seq })
    expect(await client.ask(on(name, 'stop'), '')).toMatchObject({ ok: true, revision: 2 })
    expect(await client.ask(on(name, 'delete'), {})).toMatchObject({ ok: true, revision: 3 })
  })
  it('sent again returns its recorded outcome; with another body it is refused', async () => {
    const name = fresh('web')
    const id = fresh('once')
    await client.send(on(name, 'apply'), apply(name), { id })
    const first = await client.outcome(id)
    await client.ask(on(name, 'apply'), apply(name, { priority: 60 }))
    await client.sendAgain(on(name, 'apply'), apply(name), id)
    expect(await client.outcome(id, 2)).toEqual(first)
    await client.sendAgain(on(name, 'apply'), apply(name, { priority: 70 }), id)
    expect(await client.outcome(id, 3)).toMatchObject({ ok: false, error: { code: 'idempotency_key_reused' } })
    expect((await system.client.jobs.get({ namespace: 'default', name })).status.version).toBe(2)
    expect(await read(id)).toMatchObject({ ok: true, version: 1, seq: first.seq })
  })
  it('of the past is not applied; a refused one is judged afresh when it is sent again', async () => {
    const name = fresh('web')
    const id = fresh('late')
    const late = { ...apply(name), not_after: '2020-01-01T00:00:00Z' }
    await client.send(on(name, 'apply'), late, { id })
    expect(await client.outcome(id)).toMatchObject({ ok: false, error: { code: 'expired', retryable: false } })
    expect(await read(id)).toMatchObject({ ok: false, command_id: id, error: { code: 'expired' } })
    await client.sendAgain(on(name, 'apply'), { ...late, not_after: '2999-01-01T00:00:00Z' }, id)
    expect(await client.outcome(id, 2)).toMatchObject({ ok: true, version: 1 })
    expect(await read(id)).toMatchObject({ ok: true, version: 1 })
  })
  it('that nobody sent is unknown', async () => {
    expect(await read('nobody-sent-this')).toMatchObject({ code: 'command_unknown', status: 404 })
  })
})

describe('names', () => {
  it.each([
    ['dots and slashes', 'team.a/prod', 'web.v1/main'],
    ['other scripts', 'größe', '日本語'],
    ['what subjects use', 'a*b>c', 'x=41 y'],
    ['an emoji', 'fleet', 'rocket🚀'],
  ])('with %s go through a subject and come back', async (_what, namespace, name) => {
    const token = (text: string): string =>
      Array.from(new TextEncoder().encode(text), (byte) => {
        const char = String.fromCharCode(byte)
        return /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`
      }).join('')
    const subject = on(token(name), 'apply', token(namespace))
    const outcome = await client.ask(subject, { spec: sleeper(name, { namespace }) })
    expect(outcome).toMatchObject({ ok: true, version: 1, namespace, name })
    const { spec } = await system.client.jobs.get({ namespace, name }, { min_seq: outcome.seq ?? 0 })
    expect(spec).toMatchObject({ namespace, name })
  })
})

const long = 'n'.repeat(300)
const bad: readonly [string, string, unknown, string][] = [
  ['text that is not JSON', on('bad', 'apply'), '{"spec": ', 'malformed_body'],
  ['no text at all', on('bad', 'apply'), Uint8Array.of(0x22, 0xff, 0xfe, 0x22), 'malformed_body'],
  ['invalid UTF-8 inside JSON', on('bad', 'stop'), Buffer.from('{"reason":"\xff"}', 'latin1'), 'malformed_body'],
  ['random bytes', on('bad', 'delete'), randomBytes(2_000), 'malformed_body'],
  ['an array', on('bad', 'apply'), [], 'invalid_command'],
  ['an unknown verb', on('bad', 'explode'), {}, 'unknown_verb'],
  ['the spec of another name', on('bad', 'apply'), apply('other'), 'subject_mismatch'],
  ['the spec of another namespace', on('bad', 'apply', 'prod'), apply('bad'), 'subject_mismatch'],
  ['an unknown job type', on('bad', 'apply'), apply('bad', { type: 'quantum' }), 'invalid_spec'],
  ['an unknown field', on('bad', 'apply'), apply('bad', { priorty: 3 }), 'invalid_spec'],
  ['a name of 300 bytes', on(long, 'apply'), apply(long), 'invalid_subject'],
  ['a spec with a name of 300 bytes', on('bad', 'apply'), apply(long), 'invalid_spec'],
  ['a token that no name encodes to', on('b=zz', 'apply'), apply('bad'), 'invalid_subject'],
  ['a plain letter that is escaped', on('=62ad', 'apply'), apply('bad'), 'invalid_subject'],
  ['a token missing', 'cmd.job.default.apply', apply('bad'), 'invalid_subject'],
  ['a token too many', 'cmd.job.default.bad.v1.apply', apply('bad'), 'invalid_subject'],
  [
    'a number beyond 2^53',
    on('bad', 'apply'),
    '{"spec":{"name":"bad","type":"process","priority":9007199254740993}}',
    'malformed_body',
  ],
  [
    'a number beyond 2^53 in a free part',
    on('bad', 'apply'),
    '{"spec":{"name":"bad","type":"pipeline","config":{"input":{"generate":{"count":9007199254740993}}}}}',
    'malformed_body',
  ],
  ['a key twice', on('bad', 'stop'), '{"reason":"a","reason":"b"}', 'malformed_body'],
  ['100,000 open brackets', on('bad', 'apply'), '['.repeat(100_000), 'malformed_body'],
  ['an instant that is none', on('bad', 'stop'), { not_after: 'soon' }, 'invalid_command'],
  ['a command to a node that nobody knows', 'cmd.node.nobody.drain', {}, 'node_not_found'],
  ['an approval by subject', 'cmd.node.edge-1.approve', {}, 'not_by_subject'],
  ['a command that nodes do not know', 'cmd.node.edge-1.fly', {}, 'unknown_verb'],
  ...['rerun', 'rollback', 'pause', 'resume', 'promote', 'halt'].map((verb): [string, string, unknown, string] => [
    `the verb ${verb} for a job that is not there`,
    on('bad', verb),
    {},
    'job_not_found',
  ]),
  ['a rollback to no number', on('bad', 'rollback'), { version: 'the last one' }, 'invalid_command'],
  ['a job that is not there', on('nobody', 'stop'), {}, 'job_not_found'],
]

describe('a bad command', () => {
  it.each(bad)('%s: is answered and blocks nobody', async (_what, subject, body, code) => {
    const before = await lastSeq()
    const [id, good, name] = [fresh('bad'), fresh('good'), fresh('after')]
    await Promise.all([client.send(subject, body, { id }), client.send(on(name, 'apply'), apply(name), { id: good })])
    const refused = await client.outcome(id)
    expect(refused).toMatchObject({ ok: false, command_id: id, error: { code, retryable: false } })
    expect(refused.error?.detail).toBeTypeOf('string')
    expect(await client.outcome(good)).toMatchObject({ ok: true, version: 1, seq: before + 1 })
    await until('the refusal is kept', async () => ((await read(id)) as Outcome).error?.code === code || undefined)
  })
  it('of the greatest size that the server takes is answered and blocks nobody', async () => {
    const name = fresh('big')
    const [refused, fine] = await Promise.all([
      client.ask(on(name, 'stop'), { reason: 'x'.repeat(1_000_000) }),
      client.ask(on(name, 'apply'), apply(name)),
    ])
    expect(refused).toMatchObject({ ok: false, error: { code: 'invalid_command' } })
    expect(fine).toMatchObject({ ok: true, version: 1 })
    const args = ['-c', `: ${'y'.repeat(1_000_000)}`]
    const tooBig = await client.ask(on(name, 'apply'), apply(name, { config: { command: '/bin/sh', args } }))
    expect(tooBig.ok).toBe(false)
    expect((await client.ask(on(name, 'stop'), {})).ok).toBe(true)
  })
  it('whose answer should go elsewhere is refused as a whole', async () => {
    const name = fresh('web')
    const id = fresh('elsewhere')
    let stray = 0
    client.nc.subscribe('my.own.subject', { callback: () => void (stray += 1) })
    await client.send(on(name, 'apply'), apply(name), { id, replyTo: 'my.own.subject' })
    expect(await client.outcome(id)).toMatchObject({ ok: false, error: { code: 'reply_subject_refused' } })
    // Answers travel on one connection in order: a stray one would have come before this.
    expect((await client.ask(on(name, 'apply'), apply(name))).version).toBe(1)
    expect(stray).toBe(0)
  })
  it('with an id that cannot be one is answered under a digest of it', async () => {
    const name = fresh('web')
    const [spaced, systems] = await Promise.all([
      client.ask(on(name, 'apply'), apply(name), { id: 'two words' }),
      client.ask(on(name, 'apply'), apply(name), { id: '~api.1' }),
    ])
    for (const { ok, error, command_id } of [spaced, systems]) {
      expect([ok, error?.code]).toEqual([false, 'invalid_command'])
      expect(command_id).toMatch(/^unusable:/)
      expect(await read(command_id)).toMatchObject({ ok: false, error: { code: 'invalid_command' } })
    }
  })
})

describe('order', () => {
  it('of 200 commands of one job sent at once, among those of others, is the order of the stream', async () => {
    const since = await lastSeq()
    const jobs = Array.from({ length: 4 }, () => fresh('busy'))
    const sent: { job: string; id: string }[] = []
    for (let n = 0; n < 200; n += 1)
      for (const [at, job] of jobs.entries())
        // 200 for the first job, 50 for each of the others.
        if (at === 0 || n % 4 === at) sent.push({ job, id: fresh('c') })
    const stored = await Promise.all(
      sent.map(async ({ job, id }, n) => {
        const body = n % 10 === 9 ? '{"spec"' : apply(job, { description: id })
        return { job, id, seq: (await client.send(on(job, 'apply'), body, { id })).seq, bad: n % 10 === 9 }
      }),
    )
    await Promise.all(stored.map(({ id }) => client.outcome(id)))
    const log = await readLog(system.client, since)
    stored.sort((a, b) => a.seq - b.seq)
    for (const job of jobs) {
      const mine = stored.filter((one) => one.job === job && !one.bad)
      const applied = log.filter(({ name }) => name === job)
      expect(applied.map(({ command_id }) => command_id)).toEqual(mine.map(({ id }) => id))
      expect(applied.map(({ v }) => v)).toEqual(mine.map((_one, n) => n + 1))
    }
  })
})
