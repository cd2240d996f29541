/** A log that takes nothing more is a state of the system, not its end: it says so, waits, and goes on. */
import { connectStore } from '@dunlin/nats'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { connectCommands, type CommandClient } from './command-client.ts'
import { sleeper, startSystem, stateOf, until, type System } from './system.ts'

const MIB = 1024 * 1024
const LOG_BYTES = 4 * MIB

let system: System
let commands: CommandClient
const filler = new Uint8Array(256 * 1024)

const request = async <T>(subject: string, body?: unknown): Promise<T> => {
  const answer = await commands.nc.request(subject, body === undefined ? '' : JSON.stringify(body), { timeout: 10_000 })
  return answer.json<T>()
}
interface Usage {
  readonly state: { readonly bytes: number }
  readonly config: { readonly max_bytes: number }
}
const usage = (): Promise<Usage> => request<Usage>('$JS.API.STREAM.INFO.EVENTS')

/** Adds foreign messages to the log until it holds this share of its limit. */
const fillTo = async (share: number): Promise<void> => {
  const { state, config } = await usage()
  const missing = Math.floor(config.max_bytes * share) - state.bytes
  for (let left = missing; left > 0; left -= filler.length)
    await commands.nc.request('evt.filler', filler.subarray(0, Math.min(left, filler.length)), { timeout: 10_000 })
}
/**
 * Leaves room for a few bytes only, which no commit has. Not to the very brink: nats-server 2.9 counts a message without
 * its envelope there, takes one that does not fit, and drops the oldest of the log for it.
 */
const LEFT_BYTES = 64
const fillUp = async (): Promise<void> => {
  const before = await usage()
  await commands.nc.request('evt.filler', filler.subarray(0, 1), { timeout: 10_000 })
  const after = await usage()
  const envelope = after.state.bytes - before.state.bytes - 1
  for (;;) {
    // Asked anew each time: services and agents append as well.
    const { state, config } = await usage()
    const room = config.max_bytes - state.bytes - LEFT_BYTES - envelope
    if (room <= 0) return
    // What remains must be nothing, or enough for one more message.
    const size = room <= filler.length ? room : filler.length - 1024
    await commands.nc.request('evt.filler', filler.subarray(0, size), { timeout: 10_000 })
  }
}
const makeRoom = (): Promise<unknown> => request('$JS.API.STREAM.PURGE.EVENTS', { filter: 'evt.filler' })
const readiness = async () => {
  const response = await fetch(`${system.url}/readyz`)
  const body = (await response.json()) as { ready: boolean; reasons: { reason: string }[] }
  return { status: response.status, ready: body.ready, reasons: body.reasons.map(({ reason }) => reason) }
}
const notReady = () =>
  until('readiness says log_full', async () => {
    const now = await readiness()
    return now.status === 503 && now.reasons.includes('log_full') ? now : undefined
  })
const ready = () => until('ready again', async () => (await readiness()).status === 200 || undefined)
const pids = () => [system.api, ...system.schedulers, ...system.engines, ...system.agents].map(({ pid }) => pid)
const FULL = { code: 'log_full', retryable: true }
const key = (name: string) => ({ namespace: 'default', name })
const apply = (name: string) => system.client.jobs.apply({ spec: sleeper(name) }, { idempotencyKey: `apply-${name}` })
const running = (name: string) =>
  until(`${name} runs`, async () => (await stateOf(system, key(name))) === 'running' || undefined)

describe('a log with a limit', () => {
  let before: (number | undefined)[]
  beforeAll(async () => {
    system = await startSystem({ nodes: 1 })
    commands = await connectCommands(system.nats.url)
    // The limit is changed in place, as an operator does.
    await (await connectStore({ url: system.nats.url, name: 'operator', maxBytes: LOG_BYTES })).close()
    await Promise.all([apply('first'), apply('second')])
    await Promise.all([running('first'), running('second')])
    before = pids()
  })
  afterEach(() => {
    expect(pids(), 'no process has ended').toEqual(before)
  })
  afterAll(async () => {
    await commands.close()
    await system.stop()
  })

  it('takes no spec any more when it is nearly full, but a stop, and says so', async () => {
    await fillTo(0.92)
    expect(await notReady()).toMatchObject({ ready: false })
    await expect(apply('later')).rejects.toMatchObject(FULL)
    const raw = await fetch(`${system.url}/api/v1/jobs`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sleeper('later')),
    })
    expect([raw.status, raw.headers.get('retry-after') !== null]).toEqual([507, true])
    await system.client.jobs.stop(key('second'), { reason: 'still possible' })
    expect(
      await until('its execution is stopped', async () => {
        const { items } = await system.client.executions.list({ namespace: 'default', job: 'second' })
        return items.every(({ state }) => state === 'stopped') && items.length
      }),
    ).toBe(1)
  })

  it('that is full refuses with a problem that can be tried again, and keeps commands by subject waiting', async () => {
    await fillUp()
    await expect(apply('later')).rejects.toMatchObject(FULL)
    await expect(system.client.jobs.stop(key('first'), {}, { idempotencyKey: 'stop-first' })).rejects.toMatchObject(
      FULL,
    )
    await commands.send('cmd.job.default.waits.apply', { spec: sleeper('waits') }, { id: 'waits' })
    await commands.send('cmd.job.default.waits.apply', { spec: sleeper('waits', { priority: 7 }) }, { id: 'behind' })
    // A terminal refusal of another job writes nothing to the log, so it gets through.
    await commands.send('cmd.job.default.nobody.stop', {}, { id: 'nobody' })
    expect(await commands.outcome('nobody')).toMatchObject({ error: { code: 'job_not_found' } })
    expect(await readiness()).toMatchObject({ status: 503, reasons: expect.arrayContaining(['log_full']) as string[] })
    expect(await stateOf(system, key('first'))).toBe('running')
    expect([commands.outcomes('waits'), commands.outcomes('behind')]).toEqual([[], []])
  })

  it('goes on by itself when there is room: the same ids succeed, nothing was applied twice', async () => {
    await makeRoom()
    expect(await ready()).toBe(true)
    expect(await apply('later')).toMatchObject({ ok: true, version: 1, unchanged: false })
    expect(await commands.outcome('waits')).toMatchObject({ ok: true, version: 1 })
    expect(await commands.outcome('behind')).toMatchObject({ ok: true, version: 2 })
    await Promise.all([running('later'), running('waits')])
    const stopped = await system.client.jobs.stop(key('first'), {}, { idempotencyKey: 'stop-first' })
    expect(stopped).toMatchObject({ ok: true, unchanged: false })
  })

  it('goes on when its limit is raised as well', async () => {
    await fillUp()
    await expect(apply('last')).rejects.toMatchObject(FULL)
    await notReady()
    await (await connectStore({ url: system.nats.url, name: 'operator', maxBytes: 2 * LOG_BYTES })).close()
    expect(await ready()).toBe(true)
    expect(await apply('last')).toMatchObject({ version: 1 })
    expect(await running('last')).toBe(true)
  })
})

describe('a server whose disk is full', () => {
  // What the streams of the system reserve: the log, the commands and the dead letters.
  const DISK_BYTES = (2048 + 256 + 64 + 8) * MIB
  const BALLAST = 64 * MIB
  beforeAll(async () => {
    system = await startSystem({ nodes: 0, instances: 0, nats: { maxFileStoreBytes: DISK_BYTES } })
    commands = await connectCommands(system.nats.url)
  })
  afterAll(async () => {
    await commands.close()
    await system.stop()
  })

  it('does not keep the API from answering, and is told when a stream cannot be made', async () => {
    const info = await request<{ error?: { description: string } }>('$JS.API.STREAM.CREATE.BALLAST', {
      name: 'BALLAST',
      subjects: ['ballast'],
      storage: 'file',
      retention: 'limits',
      max_bytes: BALLAST,
    })
    expect(info.error?.description).toMatch(/insufficient|resources/)
    await expect(connectStore({ url: system.nats.url, name: 'operator', maxBytes: 4096 * MIB })).rejects.toMatchObject({
      code: expect.stringMatching(/log_full|stream_mismatch/) as string,
    })
    expect(await apply('fits')).toMatchObject({ version: 1 })
  })
})
