import { DunlinError } from '@dunlin/contracts'
import { describe, expect, it } from 'vitest'
import { createClient } from './client.ts'
import type { Fetch } from './request.ts'

interface Seen {
  readonly url: string
  readonly init: RequestInit
}

const answering = (status: number, body: string, type = 'application/json') => {
  const seen: Seen[] = []
  const fetch: Fetch = async (url, init) => {
    seen.push({ url, init })
    return new Response(body, { status, headers: { 'content-type': type } })
  }
  return { seen, client: createClient({ baseUrl: 'http://api.test/', fetch, actor: 'ana' }) }
}
const failure = async (work: Promise<unknown>): Promise<DunlinError> => {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof DunlinError) return error
  throw new Error('expected a DunlinError', { cause: error })
}

describe('a call', () => {
  it('fills the path, repeats lists in the query, and names the actor', async () => {
    const { seen, client } = answering(200, '{}')
    await client.jobs.get({ namespace: 'a/b', name: 'c d' }, { min_seq: 7 })
    await client.jobs.list({ label: ['x=1', 'y=2'] })
    expect(seen.map(({ url }) => url)).toEqual([
      'http://api.test/api/v1/jobs/a%2Fb/c%20d?min_seq=7',
      'http://api.test/api/v1/jobs?label=x%3D1&label=y%3D2',
    ])
    expect(new Headers(seen[0]?.init.headers).get('x-dunlin-actor')).toBe('ana')
  })

  it('steers a rollout by its path, with its words in the body and its id in a header', async () => {
    const { seen, client } = answering(200, '{}')
    const key = { namespace: 'a', name: 'b' }
    await client.rollouts.pause(key, { reason: 'lunch' }, { idempotencyKey: 'p1', ifMatch: 'version:2' })
    await client.jobs.rollback(key, { version: 3, whole: true })
    await client.rollouts.promote(key)
    await client.rollouts.nodes(key, 'R1', { slot: 'failed', live: 'true' })
    await client.jobs.plan({ text: 'name: x', format: 'yaml' })
    expect(seen.map(({ url, init }) => `${init.method} ${new URL(url).pathname}${new URL(url).search}`)).toEqual([
      'POST /api/v1/jobs/a/b/pause',
      'POST /api/v1/jobs/a/b/rollback',
      'POST /api/v1/jobs/a/b/promote',
      'GET /api/v1/jobs/a/b/rollouts/R1/nodes?slot=failed&live=true',
      'POST /api/v1/plan',
    ])
    expect(seen.map(({ init }) => init.body)).toEqual([
      '{"reason":"lunch"}',
      '{"version":3,"whole":true}',
      '{}',
      undefined,
      'name: x',
    ])
    const headers = new Headers(seen[0]?.init.headers)
    expect([headers.get('idempotency-key'), headers.get('if-match')]).toEqual(['p1', 'version:2'])
    expect(new Headers(seen[4]?.init.headers).get('content-type')).toBe('application/yaml')
  })

  it('sends a spec as an object or as text that keeps its places', async () => {
    const { seen, client } = answering(200, '{}')
    await client.jobs.apply({ spec: { name: 'x' } }, { idempotencyKey: 'k', ifMatch: '3' })
    await client.jobs.apply({ text: 'name: x', format: 'yaml' })
    const headers = seen.map(({ init }) => new Headers(init.headers))
    expect(seen.map(({ init }) => init.body)).toEqual(['{"name":"x"}', 'name: x'])
    expect(headers.map((one) => one.get('content-type'))).toEqual(['application/json', 'application/yaml'])
    expect([headers[0]?.get('idempotency-key'), headers[0]?.get('if-match')]).toEqual(['k', '3'])
  })

  it('throws the problem that the server answered, with its places and further members', async () => {
    const problem = new DunlinError('precondition_failed', 'not that', {
      data: { version: 3, revision: 9 },
    }).toProblem()
    const error = await failure(answering(412, JSON.stringify(problem)).client.nodes.get('x'))
    expect(error).toMatchObject({ code: 'precondition_failed', message: 'not that', data: { version: 3, revision: 9 } })
    expect(error.toProblem()).toEqual(problem)
  })

  it('keeps what it does not know: a code of a later release, a page of a proxy', async () => {
    const newer = await failure(answering(409, '{"code":"too_new","detail":"what?"}').client.nodes.get('x'))
    expect(newer).toMatchObject({ code: 'internal', message: 'what?', data: { code: 'too_new', status: 409 } })
    const page = await failure(answering(502, '<html>bad gateway', 'text/html').client.nodes.get('x'))
    expect(page.message).toContain('502: <html>bad gateway')
  })

  it('says that the server cannot be reached, and why; an abort stays an abort', async () => {
    const refused: Fetch = () =>
      Promise.reject(new TypeError('fetch failed', { cause: new Error('connect ECONNREFUSED') }))
    const client = createClient({ baseUrl: 'http://api.test', fetch: refused })
    const error = await failure(client.nodes.list())
    expect([error.code, error.retryable, error.message]).toEqual([
      'server_unreachable',
      true,
      'http://api.test cannot be reached: connect ECONNREFUSED',
    ])
    await expect(client.nodes.list({}, { signal: AbortSignal.abort('enough') })).rejects.toBe('enough')
  })
})

describe('events', () => {
  const event = (seq: number): string => `id: ${seq}\nevent: job\ndata: {"seq":${seq}}\n\n`
  const streams = (...bodies: (string | Response | Error)[]) => {
    const asked: (string | null)[] = []
    const fetch: Fetch = async (_url, init) => {
      asked.push(new Headers(init.headers).get('last-event-id'))
      const next = bodies.shift()
      if (next === undefined || next instanceof Error) throw next ?? new TypeError('no more')
      return next instanceof Response ? next : new Response(next)
    }
    return { asked, client: createClient({ baseUrl: 'http://api.test', fetch }) }
  }
  const read = async (client: ReturnType<typeof createClient>, count: number, since?: number): Promise<number[]> => {
    const seqs: number[] = []
    const stop = new AbortController()
    for await (const { seq } of client.events({}, { since, signal: stop.signal, firstDelayMs: 1 })) {
      seqs.push(seq)
      if (seqs.length === count) stop.abort()
    }
    return seqs
  }

  it('go on after the last one that was given out, whatever cut the connection', async () => {
    const { asked, client } = streams(
      event(5) + event(6) + 'id: 7\ndata: {"se',
      new TypeError('reset'),
      event(7),
      event(8),
    )
    expect(await read(client, 4, 4)).toEqual([5, 6, 7, 8])
    expect(asked).toEqual(['4', '6', '6', '7'])
  })

  it('give out nothing more once the caller has enough', async () => {
    expect(await read(streams(event(1) + event(2) + event(3)).client, 2, 0)).toEqual([1, 2])
  })

  it('end with a terminal problem, and when the very first connection fails', async () => {
    const gone = Response.json(new DunlinError('events_gone').toProblem(), { status: 410 })
    expect((await failure(read(streams(event(1), gone).client, 5, 0))).code).toBe('events_gone')
    expect((await failure(read(streams(new TypeError('down')).client, 1, 0))).code).toBe('server_unreachable')
  })
})
