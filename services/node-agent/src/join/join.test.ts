import { DunlinError, type NodeId } from '@dunlin/contracts/agent'
import { publicKeyOf } from '@dunlin/nats/agent'
import { silentLogger, systemClock } from '@dunlin/runtime/agent'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { readMembership } from '../credentials/membership.ts'
import { identityOf, readyMembership } from '../credentials/ready.ts'
import { readJoinFlags } from './flags.ts'
import { joinServer, waitForApproval, type Join } from './join.ts'

const node = 'edge-1' as NodeId
const server = 'http://127.0.0.1:7420'
let dataDir: string
let answers: (object | Error | string)[]
let sent: Record<string, unknown>[]

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'dunlin-join-'))
  answers = []
  sent = []
})
afterEach(() => rmSync(dataDir, { recursive: true }))

const admitted = { node, state: 'admitted', credential: 'a.b.c', nats_urls: ['nats://here:4222'] }
const pending = { node, state: 'pending', nats_urls: ['nats://here:4222'] }
const problem = (code: string) => ({ code, detail: `it says ${code}` })

/** Gives a challenge, then the next answer. */
const fetch = async (url: string, init: RequestInit): Promise<Response> => {
  if (url.endsWith('/challenge')) return Response.json({ challenge: 'c' })
  sent.push(JSON.parse(init.body as string) as Record<string, unknown>)
  const next = answers.shift() ?? new Error('nobody there')
  if (next instanceof Error) throw next
  if (typeof next === 'string') return new Response(next, { status: 502 })
  return Response.json(next, { status: 'code' in next ? 403 : 200 })
}
const enrol = (over: Partial<Join> = {}) =>
  joinServer({ dataDir, server, node, token: 't', labels: {}, fetch, ...over })
const codeOf = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof DunlinError ? error.code : String(error)),
  )

describe('joining', () => {
  it('makes a key that stays, and keeps what it is given for its owner only', async () => {
    answers = [admitted, admitted]
    const membership = await enrol({ labels: { zone: 'a' }, name: 'Edge One' })
    const file = (name: string): string => join(dataDir, 'credentials', name)
    const seed = readFileSync(file('node.nk'), 'utf8').trim()
    expect(readMembership(dataDir)).toEqual(membership)
    expect(membership).toMatchObject({ node, server, credential: 'a.b.c', labels: { zone: 'a' }, name: 'Edge One' })
    expect(sent[0]).toMatchObject({ node, token: 't', challenge: 'c', public_key: publicKeyOf(seed) })
    expect(JSON.stringify(sent)).not.toContain(seed)
    for (const name of ['node.nk', 'membership.json']) expect(statSync(file(name)).mode & 0o777).toBe(0o600)
    expect(statSync(join(dataDir, 'credentials')).mode & 0o777).toBe(0o700)
    expect(await enrol({ token: undefined })).toEqual(membership)
    expect(sent[1]).toMatchObject({ public_key: publicKeyOf(seed) })
    expect(identityOf(dataDir, membership)).toMatchObject({ node })
  })
  it.each([
    'token_unknown',
    'token_expired',
    'token_used_up',
    'token_revoked',
    'wrong_signature',
    'node_taken',
    'key_revoked',
  ])('passes %s on, and keeps no membership', async (code) => {
    answers = [problem(code)]
    expect(await codeOf(enrol())).toBe(code)
    expect(readMembership(dataDir)).toBeUndefined()
  })
  it('says when nobody is there, or somebody else is', async () => {
    answers = [new Error('refused'), '<html>', problem('no_such_code'), { node, state: 'odd' }]
    const codes = [await codeOf(enrol()), await codeOf(enrol()), await codeOf(enrol()), await codeOf(enrol())]
    expect(codes).toEqual(['server_unreachable', ...Array.from({ length: 3 }, () => 'unreadable_answer')])
  })
  it('makes no other key when the present one is gone, or cannot be read', async () => {
    answers = [admitted, admitted]
    await enrol()
    const file = join(dataDir, 'credentials', 'node.nk')
    rmSync(file)
    expect(await codeOf(enrol())).toBe('corrupt_document')
    expect(existsSync(file)).toBe(false)
    rmSync(join(dataDir, 'credentials', 'membership.json'))
    mkdirSync(file)
    expect(await codeOf(enrol())).toBe('corrupt_document')
    expect(sent).toHaveLength(1)
  })
  it('says to a node that meant to join and did not that it has not', async () => {
    answers = [problem('node_taken')]
    expect(await codeOf(enrol())).toBe('node_taken')
    const warned: unknown[] = []
    const logger = { ...silentLogger, warn: (...words: unknown[]) => void warned.push(words) }
    expect(await readyMembership(dataDir, systemClock, new AbortController().signal, logger)).toBeUndefined()
    expect(JSON.stringify(warned)).toContain('has not joined')
    expect(JSON.stringify(warned)).toContain('dunlin-agent join')
  })
  it('does not take a directory to another server', async () => {
    answers = [admitted]
    await enrol()
    expect(await codeOf(enrol({ server: 'http://127.0.0.1:9' }))).toBe('already_enrolled')
    expect(sent).toHaveLength(1)
  })
  it('says which file is broken', async () => {
    answers = [admitted]
    await enrol()
    writeFileSync(join(dataDir, 'credentials', 'membership.json'), '{"s":1,')
    expect(await codeOf(enrol())).toBe('corrupt_document')
    rmSync(join(dataDir, 'credentials', 'membership.json'))
    writeFileSync(join(dataDir, 'credentials', 'node.nk'), 'SUABC\n')
    expect(await codeOf(enrol())).toBe('corrupt_document')
  })
})

describe('waiting for approval', () => {
  const options = { pause: async () => {}, onTrouble: () => {}, fetch }
  it('asks without the token until it is admitted, also while the server is away', async () => {
    answers = [pending, pending, new Error('away'), pending, admitted]
    await enrol()
    const troubles: string[] = []
    const done = await waitForApproval(dataDir, { ...options, onTrouble: ({ code }) => troubles.push(code) })
    expect([done?.credential, readMembership(dataDir)?.credential]).toEqual(['a.b.c', 'a.b.c'])
    expect(troubles).toEqual(['server_unreachable'])
    expect(sent.map(({ token }) => token)).toEqual(['t', undefined, undefined, undefined, undefined])
  })
  it('ends when the node is refused, and when it is stopped', async () => {
    answers = [pending, problem('key_revoked')]
    await enrol()
    expect(await codeOf(waitForApproval(dataDir, options))).toBe('key_revoked')
    expect(await waitForApproval(dataDir, { ...options, stopped: () => true })).toBeUndefined()
  })
})

describe('the flags of join', () => {
  const token = `dnl_01m7z3ydx2cptvyvtyy6vth1dz_${'A'.repeat(43)}`
  it('come from flags, the environment or a file', () => {
    const file = join(dataDir, 'token')
    writeFileSync(file, `${token}\n`)
    expect(readJoinFlags(['--server', server, '--token', token, '--no-wait'], {})).toMatchObject({
      token,
      server,
      wait: false,
    })
    expect(readJoinFlags([], { DUNLIN_SERVER: server, DUNLIN_JOIN_TOKEN: token })).toMatchObject({ token, wait: true })
    expect(readJoinFlags(['--server', server, '--token-file', file], {})).toMatchObject({ token })
    expect(existsSync(join(dataDir, 'credentials'))).toBe(false)
  })
  it.each([
    [[], '--server URL'],
    [['--server', 'ftp://x'], 'expected http'],
    [['--server', server, '--token', 'dnl_oops'], 'no join token'],
    [['--server', server, '--token', token, '--token-file', 'x'], 'not both'],
    [['--server', server, '--label', 'x'], 'NAME=VALUE'],
    [['--server', server, '--tokn', 'x'], '--tokn'],
  ])('%j: %s', (args, message) => {
    expect(() => readJoinFlags(args, {})).toThrow(message)
  })
})
