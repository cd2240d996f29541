/** Server-sent events of the real API: whoever follows sees the log exactly once and in order, whatever is killed. */
import type { EventView } from '@dunlin/contracts'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLog } from './read-log.ts'
import { kill9, sleeper, startSystem, until, type System } from './system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ nodes: 1 })
})
afterAll(() => system.stop())

/** Commits of three jobs, so many that several clients are in the middle of them. */
const load = async (prefix: string, count: number): Promise<void> => {
  for (let n = 0; n < count; n += 1) {
    const spec = sleeper(`${prefix}-${n % 3}`, { description: String(n), selector: { match_labels: { env: 'none' } } })
    for (;;) {
      try {
        await system.client.jobs.apply({ spec }, { idempotencyKey: `${prefix}-${n}` })
        break
      } catch {
        await delay(20)
      }
    }
  }
}

interface Followed {
  readonly events: EventView[]
  readonly lost: () => number
  stop(): Promise<void>
}
const follow = (filter: Parameters<System['client']['events']>[0], since: number): Followed => {
  const events: EventView[] = []
  const end = new AbortController()
  let lost = 0
  const onLost = (): void => void (lost += 1)
  const reading = (async () => {
    for await (const event of system.client.events(filter, { since, signal: end.signal, onLost, longestDelayMs: 500 }))
      events.push(event)
  })()
  return {
    events,
    lost: () => lost,
    stop: async () => {
      end.abort()
      await reading.catch((error: unknown) => {
        if (!end.signal.aborted) throw error
      })
    },
  }
}
const reached = (followed: Followed, seq: number): Promise<true> =>
  until(`an event at ${seq} or later`, () => (followed.events.at(-1)?.seq ?? 0) >= seq || undefined)

/** What curl shows: the bytes, cut off after `count` events. */
const raw = async (path: string, count: number, headers: Record<string, string> = {}): Promise<string> => {
  const end = new AbortController()
  const response = await fetch(`${system.url}${path}`, { headers, signal: end.signal })
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/)
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true })
    if ((text.match(/^data: .*\n\n/gm)?.length ?? 0) >= count) break
  }
  end.abort()
  return text
}
const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))

describe('events', () => {
  it('come once and in order to 20 clients while the API is killed and commands go on', async () => {
    const clients = Array.from({ length: 20 }, () => follow({}, 0))
    const work = load('kill', 150)
    for (let cycle = 1; cycle <= 2; cycle += 1) {
      const [first] = clients as [Followed]
      await reached(first, (first.events.at(-1)?.seq ?? 0) + 20)
      const pid = kill9(system.api)
      await until('the API is back', () => (system.api.pid !== undefined && system.api.pid !== pid) || undefined)
      await until('it answers', async () => (await fetch(`${system.url}/readyz`)).ok || undefined)
    }
    await work
    const log = await readLog(system.client)
    const end = log.at(-1)?.seq ?? 0
    await Promise.all(clients.map((one) => reached(one, end)))
    await Promise.all(clients.map((one) => one.stop()))
    expect(log.map(({ seq }) => seq)).toEqual(Array.from({ length: end }, (_, n) => n + 1))
    for (const one of clients) {
      expect(one.lost()).toBeGreaterThan(0)
      expect(one.events.filter(({ seq }) => seq <= end)).toEqual(log)
    }
  })

  it('resume exactly after Last-Event-ID for a client that knows no more than HTTP', async () => {
    const log = await readLog(system.client)
    const end = log.at(-1)?.seq ?? 0
    const whole = await raw('/api/v1/events?since=0', end)
    expect(idsOf(whole).slice(0, end)).toEqual(log.map(({ seq }) => seq))
    for (const after of [1, Math.floor(end / 2), end - 1]) {
      const rest = idsOf(await raw('/api/v1/events', end - after, { 'last-event-id': String(after) }))
      expect(rest.slice(0, end - after)).toEqual(log.slice(after).map(({ seq }) => seq))
      // The header is newer than the address that the client began with.
      const both = idsOf(await raw('/api/v1/events?since=0', end - after, { 'last-event-id': String(after) }))
      expect(both[0]).toBe(after + 1)
    }
    const beyond = await fetch(`${system.url}/api/v1/events`, { headers: { 'last-event-id': '99999999' } })
    expect([beyond.status, await beyond.json()]).toMatchObject([410, { code: 'events_gone', retryable: false }])
    const wrong = await fetch(`${system.url}/api/v1/events`, { headers: { 'last-event-id': 'yesterday' } })
    expect(wrong.status).toBe(400)
  })

  it('are filtered by job, namespace and node, and resume as exactly', async () => {
    const since = (await system.client.jobs.list({ limit: 1 })).seq
    const job = follow({ namespace: 'default', job: 'ran' }, since)
    const node = follow({ node: 'edge-1' }, 0)
    const elsewhere = follow({ namespace: 'elsewhere' }, 0)
    await system.client.jobs.apply({ spec: sleeper('ran') })
    await load('noise', 10)
    await until('the job runs', async () => {
      const { status } = await system.client.jobs.get({ namespace: 'default', name: 'ran' })
      return status.state.state_type === 'running' || undefined
    })
    await system.client.jobs.stop({ namespace: 'default', name: 'ran' }, { reason: 'seen' })
    const ownOf = (events: readonly EventView[]): EventView[] =>
      events.filter(({ kind, namespace, name }) => kind === 'job' && namespace === 'default' && name === 'ran')
    await until(
      'the stop is seen',
      () => ownOf(job.events).some(({ events }) => events.some(({ type }) => type === 'JobStopped')) || undefined,
    )
    const log = await readLog(system.client, since)
    const own = ownOf(log)
    expect(ownOf(job.events).slice(0, own.length)).toEqual(own)
    // Beside the job's own commits only the reports of its executions.
    expect(new Set(job.events.map(({ kind, name }) => (kind === 'job' ? name : kind)))).toEqual(
      new Set(['ran', 'report']),
    )
    expect(new Set(node.events.map((event) => event.node))).toEqual(new Set(['edge-1']))
    expect(node.events.map(({ seq }) => seq)).toContain(job.events.find(({ kind }) => kind === 'report')?.seq)
    expect(elsewhere.events).toEqual([])
    const middle = own[1]?.seq ?? 0
    const rest = await raw('/api/v1/events?namespace=default&job=ran', own.length - 2, {
      'last-event-id': String(middle),
    })
    expect(idsOf(rest).every((id) => id > middle)).toBe(true)
    expect(idsOf(rest)).toContain(own[2]?.seq)
    await Promise.all([job.stop(), node.stop(), elsewhere.stop()])
  })
})
