import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { markOf, type FollowHandlers, type Recorded } from '@dunlin/eventstore'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { openLink } from './connection.ts'
import { apiRequest } from './api.ts'
import { connectAgent, connectStore, type ConnectedStore } from './index.ts'
import { startProxy, type Proxy } from './test-tools/proxy.ts'
import { all, bytes, text, until } from './test-tools/wait.ts'

let server: TestNatsServer
let store: ConnectedStore
let subjects = 0
const fresh = (): string => `evt.job.test.j${++subjects}`

beforeAll(async () => {
  server = await startNatsServer()
  store = await connectStore({ url: server.url, name: 'test' })
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

/** A follower that collects what it is told. */
const collect = (
  from?: Parameters<ConnectedStore['log']['follow']>[0],
  of = store,
  more: Partial<FollowHandlers> = {},
) => {
  const seen: Recorded[] = []
  const told: string[] = []
  const follower = of.log.follow(from, {
    onBatch: (batch) => void seen.push(...batch),
    onCaughtUp: (seq) => void told.push(`caught up ${seq}`),
    onLive: (live) => void told.push(live ? 'live' : 'not live'),
    onRewound: (why) => void told.push(`rewound: ${why}`),
    onEnd: (error) => void told.push(`end ${error?.message ?? ''}`),
    ...more,
  })
  return { seen, told, follower }
}

/** A second store whose connection leads through a proxy. */
const throughProxy = async <T>(work: (proxied: ConnectedStore, proxy: Proxy) => Promise<T>): Promise<T> => {
  const proxy = await startProxy(server.port)
  const proxied = await connectStore({
    url: proxy.url,
    name: 'proxied',
    pingIntervalMs: 500,
    publish: { attemptMs: 300 },
    follow: { heartbeatMs: 200 },
  })
  try {
    return await work(proxied, proxy)
  } finally {
    await proxied.close()
    await proxy.stop()
  }
}

describe('appending', () => {
  test('a repeat under the same message id tells where it was stored, on every server', async () => {
    const subject = fresh()
    const request = { subject, data: bytes('a'), expected: 0, msgId: `id-${subject}` }
    const first = await store.log.append(request)
    expect(first).toMatchObject({ ok: true, duplicate: false })
    expect(await store.log.append(request)).toEqual({ ...first, duplicate: true })
  })

  test('two writers with one expectation: one wins, the other is told the sequence', async () => {
    const subject = fresh()
    const results = await Promise.all(
      ['a', 'b', 'c'].map((w) => store.log.append({ subject, data: bytes(w), expected: 0, msgId: `${subject}-${w}` })),
    )
    const winner = results.find((r) => r.ok)
    expect(results.filter((r) => r.ok)).toHaveLength(1)
    expect(results.filter((r) => !r.ok)).toEqual([
      { ok: false, conflict: true, actual: winner?.ok === true ? winner.seq : 0 },
      { ok: false, conflict: true, actual: winner?.ok === true ? winner.seq : 0 },
    ])
  })

  test('what does not fit into a message is refused as commit_too_large', async () => {
    const subject = fresh()
    const tooLarge = store.log.append({ subject, data: new Uint8Array(1024 * 1024), expected: 0, msgId: 'large' })
    await expect(tooLarge).rejects.toMatchObject({ code: 'commit_too_large' })
    expect(await store.log.last(subject)).toBeUndefined()
    expect(await store.log.append({ subject, data: bytes('fits'), expected: 0 })).toMatchObject({ ok: true })
  })

  test('more appends than the window holds all arrive, each subject in its order', async () => {
    const names = Array.from({ length: 50 }, () => fresh())
    const small = await connectStore({ url: server.url, name: 'small', windows: { log: 4 } })
    let last = new Map<string, number>()
    for (let round = 0; round < 5; round++) {
      const results = await Promise.all(
        names.map(async (subject) => {
          const result = await small.log.append({
            subject,
            data: bytes(`${round}`),
            expected: last.get(subject) ?? 0,
            msgId: `${subject}-${round}`,
          })
          return [subject, result.ok ? result.seq : -1] as const
        }),
      )
      last = new Map(results)
    }
    await small.close()
    for (const subject of names) {
      const read = await all(store.log.read(subject))
      expect(read.map((r) => text(r.data))).toEqual(['0', '1', '2', '3', '4'])
    }
  })

  test('a lost answer is asked again and counts once, with and without a message id', async () => {
    await throughProxy(async (proxied, proxy) => {
      const withId = fresh()
      const without = fresh()
      const first = await proxied.log.append({ subject: withId, data: bytes('1'), expected: 0, msgId: `${withId}-1` })
      proxy.withhold()
      const second = [
        proxied.log.append({
          subject: withId,
          data: bytes('2'),
          expected: first.ok ? first.seq : -1,
          msgId: `${withId}-2`,
        }),
        proxied.log.append({ subject: without, data: bytes('report'), expected: 0 }),
      ]
      await until(async () => (await store.log.last(without)) !== undefined, 'the server stored it')
      proxy.cut()
      const [a, b] = await Promise.all(second)
      expect(a).toMatchObject({ ok: true, duplicate: true })
      expect(b).toMatchObject({ ok: true, duplicate: false })
      expect((await all(store.log.read(withId))).map((r) => text(r.data))).toEqual(['1', '2'])
      expect((await all(store.log.read(without))).map((r) => text(r.data))).toEqual(['report'])
    })
  })

  test('without a server the outcome is log_unavailable, and later appends work again', async () => {
    const proxy = await startProxy(server.port)
    const proxied = await connectStore({ url: proxy.url, name: 'p', publish: { timeoutMs: 700, attemptMs: 200 } })
    proxy.block()
    proxy.cut()
    await until(() => !proxied.isLive(), 'the loss is noticed')
    const subject = fresh()
    await expect(proxied.log.append({ subject, data: bytes('x'), expected: 0, msgId: 'u' })).rejects.toMatchObject({
      code: 'log_unavailable',
      retryable: true,
    })
    proxy.open()
    await until(() => proxied.isLive(), 'connected again')
    // A busy server may take longer than this store waits: its outcome is unknown again, and it may be asked again.
    const append = () => proxied.log.append({ subject, data: bytes('x'), expected: 0, msgId: 'u' })
    await until(async () => (await append().catch(() => undefined))?.ok === true, 'appended')
    expect(await all(store.log.read(subject))).toHaveLength(1)
    await proxied.close()
    await proxy.stop()
  })

  test('a full log is log_full, and the agent gets the same words', async () => {
    const other = await startNatsServer()
    const full = await connectStore({ url: other.url, name: 'full', maxBytes: 20_000 })
    const agent = await connectAgent({ url: other.url, name: 'agent' })
    const fill = async (): Promise<void> => {
      for (let i = 0; i < 100; i++)
        await full.log.append({
          subject: `evt.job.full.j${i}`,
          data: new Uint8Array(1_000),
          expected: 0,
          msgId: `f${i}`,
        })
    }
    await expect(fill()).rejects.toMatchObject({ code: 'log_full', retryable: true })
    await expect(
      agent.reports.append({ subject: 'evt.report.n', data: new Uint8Array(2_000), expected: 0 }),
    ).rejects.toMatchObject({ code: 'log_full' })
    await agent.close()
    await full.close()
    await other.stop()
  })
})

describe('reading', () => {
  test('one subject in order, from a sequence, by sequence, and nothing where nothing is', async () => {
    const subject = fresh()
    const a = await store.log.append({ subject, data: bytes('a'), expected: 0, msgId: `${subject}a` })
    const seqA = a.ok ? a.seq : 0
    await store.log.append({ subject: fresh(), data: bytes('other'), expected: 0 })
    const b = await store.log.append({ subject, data: bytes('b'), expected: seqA, msgId: `${subject}b` })
    const seqB = b.ok ? b.seq : 0
    expect((await all(store.log.read(subject))).map((r) => r.seq)).toEqual([seqA, seqB])
    expect((await all(store.log.read(subject, seqA + 1))).map((r) => text(r.data))).toEqual(['b'])
    expect(await store.log.at(seqA)).toMatchObject({ subject, msgId: `${subject}a` })
    expect(await store.log.at(seqB + 1_000)).toBeUndefined()
    expect(await store.log.last('evt.job.test.none')).toBeUndefined()
  })

  test('a purge spares the last message whatever it is asked', async () => {
    const subject = fresh()
    let expected = 0
    for (const word of ['a', 'b', 'c']) {
      const result = await store.log.append({ subject, data: bytes(word), expected, msgId: `${subject}${word}` })
      expected = result.ok ? result.seq : -1
    }
    expect(await store.log.purge(subject, 1_000_000)).toBe(2)
    expect((await all(store.log.read(subject))).map((r) => text(r.data))).toEqual(['c'])
    expect(await store.log.purge(subject, 1_000_000)).toBe(0)
  })
})

describe('following', () => {
  test('from the beginning, from a position, and then what comes', async () => {
    const whole = collect()
    const { created, lastSeq } = await store.log.info()
    await until(() => whole.told.includes(`caught up ${lastSeq}`), 'caught up')
    const tail = collect({ created, seq: lastSeq })
    await until(() => tail.told.length > 0, 'the tail is caught up')
    const subject = fresh()
    await store.log.append({ subject, data: bytes('new'), expected: 0, msgId: `${subject}-new` })
    await until(() => tail.seen.length === 1 && whole.seen.at(-1)?.subject === subject, 'both see the new one')
    expect(tail.seen.map((r) => [r.seq, r.subject, text(r.data), r.msgId])).toEqual([
      [lastSeq + 1, subject, 'new', `${subject}-new`],
    ])
    expect(tail.seen[0]?.storedAtMs).toBeGreaterThan(1_600_000_000_000)
    const seqs = whole.seen.map((r) => r.seq)
    expect(seqs).toEqual([...seqs].sort((a, b) => a - b))
    await Promise.all([whole.follower.stop(), tail.follower.stop()])
    expect(tail.told.at(-1)).toBe('end ')
  })

  test('nothing comes after stop, and a throwing handler ends it with its error', async () => {
    const broken = collect(undefined, store, {
      onBatch: () => {
        throw new Error('cannot fold')
      },
    })
    await until(() => broken.told.includes('end cannot fold'), 'ended')
    const stopped = collect()
    await stopped.follower.stop()
    const before = stopped.seen.length
    await store.log.append({ subject: fresh(), data: bytes('x'), expected: 0 })
    await pause(50)
    expect(stopped.seen.length).toBe(before)
  })

  test('cut connections, silence and a lost consumer leave neither gap nor repeat', async () => {
    await throughProxy(async (proxied, proxy) => {
      const start = (await store.log.info()).lastSeq
      const { created } = await store.log.info()
      const follower = collect({ created, seq: start }, proxied)
      const link = await openLink({ url: server.url, name: 'saboteur' })
      const dropConsumers = async (): Promise<void> => {
        const { consumers } = await apiRequest<{ consumers: string[] | null }>(link, 'CONSUMER.NAMES.EVENTS')
        for (const name of consumers ?? []) await apiRequest(link, `CONSUMER.DELETE.EVENTS.${name}`).catch(() => {})
      }
      const cut = async () => proxy.cut()
      const faults = [cut, async () => proxy.withhold(), dropConsumers, cut]
      for (const fault of faults) {
        for (let i = 0; i < 20; i++) await store.log.append({ subject: fresh(), data: bytes('x'), expected: 0 })
        await fault()
        for (let i = 0; i < 20; i++) await store.log.append({ subject: fresh(), data: bytes('x'), expected: 0 })
      }
      const { lastSeq } = await store.log.info()
      await until(() => follower.seen.at(-1)?.seq === lastSeq, 'everything came')
      expect(follower.seen.map((r) => r.seq)).toEqual(Array.from({ length: lastSeq - start }, (_, i) => start + 1 + i))
      expect(follower.told).toContain('not live')
      expect(follower.told.filter((t) => t.startsWith('rewound'))).toEqual([])
      await follower.follower.stop()
      await link.close()
    })
  })

  test('a position of another log is told as rewound: creation, end and mark', async () => {
    const { created, lastSeq } = await store.log.info()
    const there = (await store.log.at(lastSeq)) as Recorded
    const cases = [
      { created: '2020-01-01T00:00:00Z', seq: 1 },
      { created, seq: lastSeq + 100 },
      { created, seq: lastSeq, mark: 'evt.job.x.y other 12' },
    ]
    for (const position of cases) {
      const rewound = collect(position)
      await until(() => rewound.told.some((t) => t.startsWith('rewound')), JSON.stringify(position))
      expect(rewound.seen).toEqual([])
      await rewound.follower.stop()
    }
    const right = collect({ created, seq: lastSeq, mark: markOf(there) })
    await until(() => right.told.length > 0, 'caught up')
    expect(right.told).toEqual([`caught up ${lastSeq}`])
    await right.follower.stop()
  })

  test('a log that is re-created under a running follower is told as rewound', async () => {
    const other = await startNatsServer()
    const mine = await connectStore({ url: other.url, name: 'mine', follow: { heartbeatMs: 200 } })
    await mine.log.append({ subject: 'evt.job.a.b', data: bytes('1'), expected: 0 })
    const follower = collect(undefined, mine)
    await until(() => follower.seen.length === 1, 'the first')
    const link = await openLink({ url: other.url, name: 'admin' })
    await apiRequest(link, 'STREAM.DELETE.EVENTS')
    const again = await connectStore({ url: other.url, name: 'again' })
    await again.log.append({ subject: 'evt.job.a.b', data: bytes('other history'), expected: 0 })
    await until(() => follower.told.some((t) => t.startsWith('rewound')), 'rewound')
    expect(follower.seen).toHaveLength(1)
    await follower.follower.stop()
    await Promise.all([link.close(), mine.close(), again.close()])
    await other.stop()
  })
})
