import type { EnrolBody, TokenView } from '@dunlin/contracts'
import { nodeSubject, tokenSubject } from '@dunlin/nats'
import { createNodeKey, signProof } from '@dunlin/nats/agent'
import { createAuthority, type Authority } from '@dunlin/nats/auth'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { announce, startInProcess, type InProcess } from '../test-tools/in-process.ts'

const told: string[][] = []
const claims = {
  revoke: async (keys: ReadonlySet<string>) => (told.push([...keys]), true),
  close: async () => {},
}

let server: InProcess
let authority: Authority
beforeAll(async () => {
  authority = (await createAuthority([])).authority
})
beforeEach(async () => {
  told.length = 0
  server = await startInProcess({ enrolment: { authority, claims, natsUrls: ['nats://here:4222'] } })
})
afterEach(() => server.stop())

const createToken = async (wishes: object = {}): Promise<{ id: string; token: string }> => {
  const answer = await server.send('POST', '/api/v1/tokens', { body: wishes })
  expect(answer.status).toBe(200)
  return answer.json() as { id: string; token: string }
}
const key = createNodeKey()

interface Join {
  readonly at?: InProcess
  readonly node?: string
  readonly token?: string
  readonly by?: typeof key
  readonly change?: (body: EnrolBody) => EnrolBody
}

const join = async ({ at = server, node = 'edge-1', token, by = key, change = (body) => body }: Join) => {
  const { challenge } = (await at.send('GET', '/api/v1/enrolment/challenge')).json() as { challenge: string }
  const body = { node, public_key: by.publicKey, challenge, ...(token === undefined ? {} : { token }) }
  return at.send('POST', '/api/v1/nodes/enroll', {
    body: change({ ...body, signature: signProof(by.seed, body) }),
  })
}
const codeOf = async (request: ReturnType<typeof join>): Promise<unknown> => {
  const answer = await request
  return answer.json()[answer.status === 200 ? 'state' : 'code']
}
const listed = async (): Promise<TokenView> => {
  const { items } = (await server.send('GET', '/api/v1/tokens')).json() as { items: TokenView[] }
  return items[0] as TokenView
}

describe('joining', () => {
  it('gives a credential for the key, and the same again to whoever lost the answer', async () => {
    const { token } = await createToken({ labels: { site: 'a' } })
    const first = (await join({ token })).json()
    expect(first).toMatchObject({ node: 'edge-1', state: 'admitted', nats_urls: ['nats://here:4222'] })
    const [, payload = ''] = String(first['credential']).split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      sub: key.publicKey,
      name: 'edge-1',
    })
    expect([await codeOf(join({ token })), await codeOf(join({}))]).toEqual(['admitted', 'admitted'])
    expect(await listed()).toMatchObject({ state: 'used_up', used: 1, uses: 1, nodes: ['edge-1'] })
    expect((await server.send('GET', '/api/v1/nodes/edge-1')).json()).toMatchObject({ labels: { site: 'a' } })
  })
  it('lets exactly one of two nodes in that come with one use at once', async () => {
    const { token } = await createToken()
    const both = ['edge-1', 'edge-2'].map((node) => codeOf(join({ node, token, by: createNodeKey() })))
    expect(new Set(await Promise.all(both))).toEqual(new Set(['admitted', 'token_used_up']))
  })
  it('lets exactly one of many in that come to two servers at once', async () => {
    const natsUrls = ['nats://here:4222']
    const other = await startInProcess({ store: server.store, enrolment: { authority, claims, natsUrls } })
    const { token } = await createToken()
    await vi.waitFor(async () => expect((await other.send('GET', '/api/v1/tokens')).text).toContain('open'), 20_000)
    const nodes = Array.from({ length: 6 }, (_, i) => ({ node: `edge-${i}`, at: i % 2 === 0 ? server : other }))
    const codes = await Promise.all(nodes.map((one) => codeOf(join({ ...one, token, by: createNodeKey() }))))
    expect(codes.filter((code) => code === 'admitted')).toHaveLength(1)
    expect(codes.filter((code) => code === 'token_used_up')).toHaveLength(5)
    await other.stop()
  })
  it('lets one key in under one id only', async () => {
    const [one, two] = [await createToken({ uses: 9 }), await createToken({ uses: 9 })]
    expect(await codeOf(join({ token: one.token }))).toBe('admitted')
    for (const { token } of [one, two]) expect(await codeOf(join({ node: 'edge-2', token }))).toBe('key_taken')
    const { items } = (await server.send('GET', '/api/v1/tokens')).json() as { items: TokenView[] }
    // The keys of nodes are no tokens, and a refusal takes no use of one.
    expect(items.map(({ used }) => used).toSorted((a, b) => a - b)).toEqual([0, 1])
    expect(await codeOf(join({ token: one.token }))).toBe('admitted')
    expect((await server.send('GET', '/api/v1/nodes/edge-2')).status).toBe(404)
  })
  it('lets one id of one key in that comes with two tokens to two servers at once', async () => {
    const natsUrls = ['nats://here:4222']
    const other = await startInProcess({ store: server.store, enrolment: { authority, claims, natsUrls } })
    const tokens = [await createToken({ uses: 99 }), await createToken({ uses: 99 })]
    await vi.waitFor(
      async () => expect((await other.send('GET', '/api/v1/tokens')).json()['items']).toHaveLength(2),
      20_000,
    )
    for (let round = 0; round < 5; round += 1) {
      const by = createNodeKey()
      const nodes = ['a', 'b', 'c', 'd'].map((id, i) => ({
        node: `${id}-${round}`,
        at: i % 2 === 0 ? server : other,
        token: tokens[i < 2 ? 0 : 1]?.token ?? '',
        by,
      }))
      const codes = await Promise.all(nodes.map((one) => codeOf(join(one))))
      expect(codes.map(String).toSorted((a, b) => a.localeCompare(b))).toEqual([
        'admitted',
        ...Array(3).fill('key_taken'),
      ])
    }
    await other.stop()
  })
  it('gives a node what its token says about its own labels, and tells what it may not say', async () => {
    const { token } = await createToken({ labels: { site: 'a' }, own_labels: ['ring'] })
    expect(await listed()).toMatchObject({ own_labels: ['ring'] })
    expect(await codeOf(join({ token }))).toBe('admitted')
    await announce(server, 'edge-1', { site: 'b', ring: 'x', zone: 'z', 'dunlin.io/os': 'linux' })
    const shown = async () => (await server.send('GET', '/api/v1/nodes/edge-1')).json()
    await vi.waitFor(async () => expect(await shown()).toMatchObject({ labels: { site: 'a', ring: 'x' } }), 20_000)
    expect((await shown())['labels']).toEqual({ site: 'a', ring: 'x' })
    expect((await shown())['warnings']).toEqual([
      { code: 'labels_refused', message: 'it announces labels that its join token does not let it: site, zone' },
    ])
    const found = async (label: string) =>
      (await server.send('GET', `/api/v1/nodes?label=${label}`)).json()['items'] as unknown[]
    expect([await found('zone=z'), (await found('ring=x')).length, await found('site=b')]).toEqual([[], 1, []])
  })
  it('goes on where it was killed: the token was used, and the node not written', async () => {
    const { id, token } = await createToken()
    const used = { type: 'TokenUsed', node: 'edge-1', publicKey: key.publicKey }
    await server.store.log.append({
      subject: tokenSubject(id),
      data: Buffer.from(JSON.stringify({ s: 1, v: 2, cmd: '~enrol.x', by: 'node:edge-1', at: Date.now(), ev: [used] })),
      expected: (await server.store.log.last(tokenSubject(id)))?.seq ?? 0,
    })
    await vi.waitFor(async () => expect((await listed()).state).toBe('used_up'), 20_000)
    expect(await codeOf(join({ node: 'edge-2', token, by: createNodeKey() }))).toBe('token_used_up')
    expect(await codeOf(join({ token }))).toBe('admitted')
  })
  it('waits for a person where the token says so', async () => {
    const { token } = await createToken({ manual: true })
    const answer = await join({ token })
    expect(answer.json()).toEqual({ node: 'edge-1', state: 'pending', nats_urls: ['nats://here:4222'] })
    await server.write(nodeSubject('edge-1'), [{ type: 'NodeAdmitted', node: 'edge-1', policy: 'approved' } as never])
    await vi.waitFor(async () => expect(await codeOf(join({}))).toBe('admitted'), 20_000)
  })
  it('takes no use of a token for a node that is refused', async () => {
    const { token } = await createToken({ manual: true })
    const admitted = { type: 'NodeAdmitted', node: 'edge-1', policy: 'loopback' } as const
    await server.write(nodeSubject('edge-1'), [admitted])
    await vi.waitFor(async () => expect((await server.send('GET', '/api/v1/nodes/edge-1')).status).toBe(200), 20_000)
    expect(await codeOf(join({ token }))).toBe('node_taken')
    expect(await listed()).toMatchObject({ state: 'open', used: 0 })
  })
  it('takes no key of a node that was removed, under whatever name it comes', async () => {
    const { token } = await createToken({ uses: 'unlimited' })
    expect(await codeOf(join({ token }))).toBe('admitted')
    await server.send('POST', '/api/v1/nodes/edge-1/remove', { body: { force: true } })
    await vi.waitFor(() => expect(told.at(-1)).toContain(key.publicKey), 20_000)
    expect(await codeOf(join({ token, node: 'edge-2' }))).toBe('key_revoked')
    expect(await codeOf(join({ token, node: 'edge-2', by: createNodeKey() }))).toBe('admitted')
  })
  it('says what is wrong with a token', async () => {
    const { id, token } = await createToken({ uses: 'unlimited', expires_in: 'never' })
    const other = (await createToken()).token
    expect(await codeOf(join({ token: token.replace(/_[^_]*.{43}$/, other.slice(-44)) }))).toBe('token_unknown')
    expect(await codeOf(join({ token: 'dnl_x' }))).toBe('token_unknown')
    expect(await codeOf(join({}))).toBe('token_unknown')
    expect((await server.send('POST', `/api/v1/tokens/${id}/revoke`, { body: {} })).json()).toMatchObject({
      state: 'revoked',
    })
    expect(await codeOf(join({ token }))).toBe('token_revoked')
    const short = await createToken({ expires_in: '1ms' })
    await vi.waitFor(async () => expect((await listed()).state).toBe('expired'), 20_000)
    expect(await codeOf(join({ token: short.token }))).toBe('token_expired')
  })
  it('believes nobody who does not hold the key, or signed something else', async () => {
    const { token } = await createToken()
    const stranger = createNodeKey()
    const changes: ((body: EnrolBody) => EnrolBody)[] = [
      (body) => ({ ...body, node: 'edge-2' }),
      (body) => ({ ...body, public_key: stranger.publicKey }),
      (body) => ({ ...body, token: undefined }),
      (body) => ({ ...body, signature: '' }),
    ]
    for (const change of changes) expect(await codeOf(join({ token, change }))).toBe('wrong_signature')
    expect(await listed()).toMatchObject({ used: 0 })
  })
  it('takes no challenge that it did not make lately', async () => {
    const { token } = await createToken()
    for (const challenge of ['', '1.x', `${Date.now()}.${Buffer.alloc(32).toString('base64url')}`]) {
      const body = { node: 'edge-1', public_key: key.publicKey, challenge, token }
      const answer = await server.send('POST', '/api/v1/nodes/enroll', {
        body: { ...body, signature: signProof(key.seed, body) },
      })
      expect(answer.json()).toMatchObject({ code: 'stale_proof' })
    }
  })
  it('gives no id away, and tells the server of a key whose node was removed', async () => {
    const { token } = await createToken({ uses: 2 })
    await join({ token })
    expect(await codeOf(join({ token, by: createNodeKey() }))).toBe('node_taken')
    // Who may not join is not told which ids there are.
    expect(await codeOf(join({ by: createNodeKey() }))).toBe('token_unknown')
    expect(await listed()).toMatchObject({ used: 1 })
    await server.write(nodeSubject('edge-1'), [{ type: 'NodeRemoved' }])
    await vi.waitFor(() => expect(told.at(-1)).toEqual([key.publicKey]), 20_000)
    expect([await codeOf(join({ token })), await codeOf(join({ token, by: createNodeKey() }))]).toEqual([
      'key_revoked',
      'admitted',
    ])
  })
  it.each([{ node: 'a.b' }, { node: '*' }, { public_key: 'x' }, { extra: 1 }])(
    'refuses %j as wrong input',
    async (more) => {
      const answer = await join({ change: (body) => ({ ...body, ...more }) })
      expect(answer.json()).toMatchObject({ code: 'invalid_request' })
    },
  )
})

describe('a server without an authority, and one that asks who is there', () => {
  it('says that nobody can join', async () => {
    const plain = await startInProcess()
    for (const path of ['/api/v1/enrolment/challenge', '/api/v1/tokens'])
      expect((await plain.send('GET', path)).json()).toMatchObject({ code: 'enrolment_off' })
    await plain.stop()
  })
  it('wants its token everywhere but where nodes join and health is read', async () => {
    const guarded = await startInProcess({ bearerToken: 'right' })
    const get = async (path: string, authorization?: string) =>
      (await guarded.send('GET', path, { headers: authorization === undefined ? {} : { authorization } })).status
    for (const path of ['/api/v1/jobs', '/api/v1/events', '/metrics', '/openapi.json', '/nowhere'])
      for (const header of [undefined, 'Bearer wrong', 'right', 'Basic right'])
        expect([path, header, await get(path, header)]).toEqual([path, header, 401])
    expect([await get('/api/v1/jobs', 'Bearer right'), await get('/readyz'), await get('/livez')]).toEqual([
      200, 200, 200,
    ])
    expect(await get('/api/v1/enrolment/challenge')).toBe(501)
    await guarded.stop()
  })
})
