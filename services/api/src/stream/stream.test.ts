import { eventView, type EventView } from '@dunlin/contracts'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { jobSubject, nodeSubject } from '@dunlin/nats'
import { createClient } from '@dunlin/client'
import { fc, test } from '@fast-check/vitest'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  joinNode,
  processSpec,
  startInProcess,
  type InProcess,
  type InProcessOptions,
} from '../test-tools/in-process.ts'

const running: InProcess[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
const start = async (options: InProcessOptions = {}): Promise<InProcess & { readonly url: string }> => {
  const given = await startInProcess({ port: 0, ...options })
  running.push(given)
  return { ...given, url: given.api.url ?? '' }
}
const fill = async (given: InProcess, from: number, count: number): Promise<void> => {
  for (let i = from; i < from + count; i++)
    await given.write(nodeSubject(`n${i % 3}`), [
      { type: 'NodeLabelled', labels: { i: String(i) } } as { type: string },
    ])
}
/** Reads `count` events on one connection, then cuts it. */
const take = async (url: string, since: number | undefined, count: number, query = ''): Promise<EventView[]> => {
  const stop = new AbortController()
  const events: EventView[] = []
  if (count === 0) return events
  const filter = Object.fromEntries(new URLSearchParams(query)) as { namespace?: string; job?: string; node?: string }
  for await (const event of createClient({ baseUrl: url }).events(filter, { since, signal: stop.signal })) {
    events.push(event)
    if (events.length === count) stop.abort()
  }
  return events
}

describe('GET /api/v1/events', () => {
  it('sends one well-formed event per commit, with the sequence as id and the kind as name', async () => {
    const given = await start()
    await given.send('PUT', '/api/v1/jobs', { body: processSpec('web') })
    await joinNode(given, 'edge-1')
    const events = await take(given.url, 0, 3)
    expect(events.map(({ seq, kind }) => [seq, kind])).toEqual([
      [1, 'job'],
      [2, 'report'],
      [3, 'node'],
    ])
    for (const event of events) expect(eventView.parse(event)).toEqual(event)
    expect(events[0]).toMatchObject({
      namespace: 'default',
      name: 'web',
      v: 1,
      by: 'user:local',
      events: [{ type: 'JobCreated' }],
    })
  })

  it('begins at the present without since, and delivers what comes', async () => {
    const given = await start()
    await fill(given, 0, 2)
    const response = await fetch(`${given.url}/api/v1/events`)
    const reader = (response.body as ReadableStream<Uint8Array>).getReader()
    const decoder = new TextDecoder()
    let text = decoder.decode((await reader.read()).value)
    expect(text).toMatch(/^: following after 2\n\n/)
    await fill(given, 2, 1)
    while (!text.includes('data:')) text += decoder.decode((await reader.read()).value)
    expect(text).toMatch(/id: 3\nevent: node\ndata: \{.*\}\n\n$/)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    await reader.cancel()
  })

  test.prop(
    [
      fc.array(fc.record({ write: fc.nat(30), take: fc.nat(12) }), { minLength: 1, maxLength: 8 }),
      fc.constantFrom(0, 700, 8 * 1024 * 1024),
    ],
    { numRuns: 25 },
  )(
    'however it is cut, the union of what was received is the log, exactly once and in order',
    async (steps, ringBytes) => {
      const given = await startInProcess({ port: 0, stream: { ringBytes } })
      const received: number[] = []
      let written = 0
      for (const step of [...steps, { write: 1, take: Infinity }]) {
        const writing = fill(given, written, step.write)
        written += step.write
        const wanted = Math.min(step.take, written - received.length)
        const events = await take(given.api.url ?? '', received.at(-1) ?? 0, wanted)
        received.push(...events.map(({ seq }) => seq))
        await writing
      }
      await given.stop()
      expect(received).toEqual(Array.from({ length: written }, (_, i) => i + 1))
    },
  )

  it('reads a long history in slices and joins what is written meanwhile', async () => {
    const given = await start({ stream: { ringBytes: 10_000 } })
    await fill(given, 0, 5_000)
    const reading = take(given.url, 0, 5_300)
    await fill(given, 5_000, 300)
    expect((await reading).map(({ seq }) => seq)).toEqual(Array.from({ length: 5_300 }, (_, i) => i + 1))
  })

  it('filters by namespace, job and node; a job includes what nodes report of it', async () => {
    const given = await start({ stream: { ringBytes: 0 } })
    for (const name of ['web', 'db'])
      await given.send('PUT', '/api/v1/jobs', {
        body: processSpec(name, { namespace: name === 'db' ? 'other' : 'default' }),
      })
    await joinNode(given, 'edge-1')
    await joinNode(given, 'edge-2')
    await given.send('POST', '/api/v1/jobs/default/web/stop')
    expect((await take(given.url, 0, 2, 'namespace=default&job=web')).map(({ seq }) => seq)).toEqual([1, 7])
    expect((await take(given.url, 0, 1, 'namespace=other')).map(({ seq }) => seq)).toEqual([2])
    expect((await take(given.url, 0, 2, 'node=edge-2')).map(({ seq }) => seq)).toEqual([5, 6])
  })

  it('tells how far it is although the last messages are not for anybody', async () => {
    const given = await start()
    await fill(given, 0, 2)
    const subject = jobSubject({ namespace: 'default', name: 'torn' })
    await given.store.log.append({ subject, data: Buffer.from('{torn'), expected: 0 })
    await expect.poll(async () => (await given.send('GET', '/readyz')).json()['seq']).toBe(3)
    for (const [filter, seqs] of [
      [{}, [1, 2]],
      [{ node: 'n1' }, [2]],
      [{ node: 'nobody' }, []],
    ] as const) {
      const stop = new AbortController()
      const seen: number[] = []
      const onPosition = (seq: number): void => (seq >= 3 ? stop.abort() : undefined)
      const options = { since: 0, signal: stop.signal, onPosition }
      for await (const event of createClient({ baseUrl: given.url }).events(filter, options)) seen.push(event.seq)
      expect(seen).toEqual(seqs)
    }
  })

  it('answers 410 when the log begins later or ends earlier than the id', async () => {
    const given = await start()
    await fill(given, 0, 6)
    await given.store.log.purge(nodeSubject('n0'), 100)
    await given.store.log.purge(nodeSubject('n1'), 100)
    const gone = await given.send('GET', '/api/v1/events', { headers: { 'last-event-id': '1' } })
    expect([gone.status, gone.problem()]).toMatchObject([410, { code: 'events_gone', first_seq: 3, last_seq: 6 }])
    expect((await given.send('GET', '/api/v1/events?since=7')).problem().code).toBe('events_gone')
    expect((await take(given.url, 2, 4)).map(({ seq }) => seq)).toEqual([3, 4, 5, 6])
  })

  it('closes a client that does not read, with the place where it may resume, and bounds what it holds for it', async () => {
    const given = await start({ stream: { maxUnreadBytes: 20_000 } })
    const { hostname, port } = new URL(given.url)
    const socket = connect(Number(port), hostname)
    socket.write('GET /api/v1/events?since=0 HTTP/1.1\r\nhost: x\r\n\r\n')
    await expect.poll(async () => (await given.send('GET', '/metrics')).text).toContain('dunlin_stream_clients 1')
    socket.pause()
    const big = { type: 'NodeLabelled', labels: { big: 'x'.repeat(200_000) } } as { type: string }
    await expect
      .poll(
        async () => {
          for (let i = 0; i < 20; i++) await given.write(nodeSubject('big'), [big])
          return (await given.send('GET', '/metrics')).text
        },
        { timeout: 20_000 },
      )
      .toContain('dunlin_stream_closed_slow_total 1')
    socket.destroy()
  })

  it('sends heartbeats, and ends streams when it stops', async () => {
    const given = await start({ stream: { heartbeatMs: 10 } })
    const response = await fetch(`${given.url}/api/v1/events`)
    let text = ''
    for await (const chunk of response.body as ReadableStream<Uint8Array>) {
      text += new TextDecoder().decode(chunk)
      if (text.includes(': heartbeat')) void given.stop()
    }
    expect(text).toMatch(/: closing; resume after 0\n\n$/)
  })

  it('is the same on every instance of one store', async () => {
    const store = createMemoryStore()
    const [one, two] = [await start({ store }), await start({ store })]
    await fill(one, 0, 5)
    expect(await take(two.url, 0, 5)).toEqual(await take(one.url, 0, 5))
  })
})
