import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { apiRequest } from './api.ts'
import { openLink, type Link } from './connection.ts'
import { ensureStream } from './ensure-streams.ts'
import { connectStore } from './index.ts'
import { probeServer } from './probe.ts'
import { createPublisher } from './publisher.ts'
import { preparedHeader } from './header-bytes.ts'
import { EVENTS, streamSpecs, type StreamOptions, type StreamSpec } from './streams.ts'
import { bytes } from './test-tools/wait.ts'

let server: TestNatsServer
let link: Link
beforeEach(async () => {
  server = await startNatsServer()
  link = await openLink({ url: server.url, name: 'admin' })
})
afterEach(async () => {
  await link.close()
  await server.stop()
})

const configOf = async (stream: string): Promise<Record<string, unknown>> =>
  (await apiRequest<{ config: Record<string, unknown> }>(link, `STREAM.INFO.${stream}`)).config
const eventsSpec = (options: StreamOptions = {}): StreamSpec =>
  streamSpecs(options).find((s) => s.name === EVENTS) as StreamSpec

describe('the probe', () => {
  test('tells the level of this server, and that a compare-and-set has one winner', async () => {
    const probe = await probeServer(link, 1)
    const [major = 0, minor = 0] = server.version.split('.').map(Number)
    expect(probe).toEqual({
      version: server.version,
      apiLevel: probe.apiLevel,
      replicas: 1,
      race: { rounds: 5, broken: 0 },
    })
    expect(probe.apiLevel > 0).toBe(major > 2 || minor >= 11)
    expect((await apiRequest<{ streams: string[] | null }>(link, 'STREAM.NAMES')).streams ?? []).toEqual([])
  })

  test('replicas need 2.11, and on a single server are refused in any case', async () => {
    const [, minor = 0] = server.version.split('.').map(Number)
    const refused = connectStore({ url: server.url, name: 'r3', replicas: 3 })
    await expect(refused).rejects.toMatchObject(minor >= 11 ? { name: 'DunlinError' } : { code: 'unsafe_server' })
  })

  test('without JetStream the server is unsafe, without a server the log is unavailable', async () => {
    await server.stop()
    await expect(connectStore({ url: server.url, name: 'nobody' })).rejects.toMatchObject({ code: 'log_unavailable' })
  })
})

describe('streams', () => {
  test('are made as asked, twice the same, by several at once', async () => {
    const links = await Promise.all([1, 2, 3, 4].map((n) => openLink({ url: server.url, name: `service ${n}` })))
    await Promise.all(links.flatMap((each) => streamSpecs().map((spec) => ensureStream(each, spec))))
    await Promise.all(links.map((each) => each.close()))
    for (const spec of streamSpecs())
      expect(await configOf(spec.name)).toMatchObject({ name: spec.name, subjects: spec.subjects })
    expect(await configOf('DESIRED')).toMatchObject({
      republish: { src: 'desired.*', dest: 'doorbell.{{wildcard(1)}}' },
      max_msgs_per_subject: 1,
      allow_direct: true,
    })
  })

  test.each([
    ['storage', { storage: 'memory' }],
    ['retention', { retention: 'interest' }],
    ['max_msgs_per_subject', { max_msgs_per_subject: 5 }],
    ['subjects', { subjects: ['evt.job.>'] }],
  ])('one with another %s is refused by name and left as it is', async (field, other) => {
    const spec = { ...eventsSpec(), ...other }
    await apiRequest(link, `STREAM.CREATE.${EVENTS}`, spec)
    const before = await configOf(EVENTS)
    await expect(ensureStream(link, eventsSpec())).rejects.toMatchObject({
      code: 'stream_mismatch',
      data: { stream: EVENTS, field },
    })
    expect(await configOf(EVENTS)).toEqual(before)
  })

  test('another stream on our subjects is refused by name', async () => {
    await apiRequest(link, 'STREAM.CREATE.OTHERS', { name: 'OTHERS', subjects: ['evt.job.*.*'] })
    await expect(ensureStream(link, eventsSpec())).rejects.toMatchObject({
      code: 'stream_mismatch',
      data: { stream: EVENTS, field: 'subjects' },
    })
  })

  test('what may change is changed in place, and the log stays', async () => {
    await apiRequest(link, `STREAM.CREATE.${EVENTS}`, {
      ...eventsSpec(),
      allow_direct: false,
      max_age: 3_600_000_000_000,
      discard: 'old',
    })
    const publisher = createPublisher(link, { stream: EVENTS, window: 1 })
    await new Promise((resolve, reject) => {
      publisher.send({ subject: 'evt.log', data: bytes('kept'), headers: preparedHeader('A: b\r\n') }, resolve, reject)
    })
    await ensureStream(link, eventsSpec())
    expect(await configOf(EVENTS)).toMatchObject({ allow_direct: true, max_age: 0, discard: 'new' })
    const { state } = await apiRequest<{ state: { messages: number } }>(link, `STREAM.INFO.${EVENTS}`)
    expect(state.messages).toBe(1)
  })

  test("an operator's limit stays unless a limit is asked for", async () => {
    await apiRequest(link, `STREAM.CREATE.${EVENTS}`, { ...eventsSpec(), max_bytes: 1_000_000 })
    await ensureStream(link, eventsSpec())
    expect(await configOf(EVENTS)).toMatchObject({ max_bytes: 1_000_000 })
    const options = { maxBytes: 5_000_000 }
    await ensureStream(link, eventsSpec(options), options)
    expect(await configOf(EVENTS)).toMatchObject({ max_bytes: 5_000_000 })
  })
})
