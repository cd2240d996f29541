import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Io } from '../io.ts'
import { run } from '../program.ts'

let out: string
let err: string
let asked: { readonly url: string; readonly init: RequestInit }[]
let answer: object

beforeEach(() => {
  out = err = ''
  asked = []
  vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
    asked.push({ url, init })
    return Response.json(answer)
  })
})
afterEach(() => vi.unstubAllGlobals())

const dunlin = (...argv: string[]): Promise<number> => {
  const io: Io = {
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    readStdin: async () => Buffer.from(''),
    env: { DUNLIN_SERVER: 'http://api.test', DUNLIN_TOKEN: 'of the api' },
    style: (_, text) => text,
    styleErr: (_, text) => text,
    terminal: () => undefined,
    interrupted: new AbortController().signal,
  }
  return run(argv, io)
}
const view = {
  id: '01M7Z3YDX2CPTVYVTYY6VTH1DZ',
  state: 'open',
  uses: 2,
  used: 1,
  nodes: ['edge-1'],
  labels: { site: 'a' },
  admits: false,
  created_at: '2026-11-21T18:00:00.000Z',
  expires_at: '2026-11-22T18:00:00.000Z',
}
const body = () => JSON.parse(asked[0]?.init.body as string) as unknown

describe('dunlin node token', () => {
  it('creates one, and writes nothing but it to standard output', async () => {
    answer = { ...view, token: 'dnl_secret' }
    expect(await dunlin('node', 'token', 'create', '--uses', '2', '-l', 'site=a', '-l', 'zone=b=c', '--manual')).toBe(0)
    expect(out).toBe('dnl_secret\n')
    expect(err).toContain('for 2 nodes, until 2026-11-22T18:00:00.000Z; a person approves each')
    expect(err).toContain('dunlin-agent join --server http://api.test --token dnl_secret')
    expect(body()).toEqual({ uses: 2, expires_in: '24h', labels: { site: 'a', zone: 'b=c' }, manual: true })
    expect(new Headers(asked[0]?.init.headers).get('authorization')).toBe('Bearer of the api')
  })
  it.each<[string, string[] | undefined]>([
    ['any', undefined],
    ['none', []],
    ['ring,dunlin.io/os', ['ring', 'dunlin.io/os']],
  ])('lets nodes announce %s of their own labels', async (which, own) => {
    answer = { ...view, token: 'dnl_secret' }
    expect(await dunlin('node', 'token', 'create', '--own-labels', which)).toBe(0)
    expect((body() as { own_labels?: string[] }).own_labels).toEqual(own)
  })
  it.each([
    [['--uses', '0'], 'expected a whole number'],
    [['--uses', 'many'], 'unlimited'],
    [['--label', 'x'], 'key=value'],
    [['--own-labels', 'a b'], 'label keys separated by commas'],
    [['--own-labels', ''], 'label keys separated by commas'],
    [['--use', '1'], '--uses'],
  ])('refuses %j', async (flags, message) => {
    expect(await dunlin('node', 'token', 'create', ...flags)).toBe(2)
    expect(err).toContain(message)
    expect(asked).toEqual([])
  })
  it('lists them', async () => {
    answer = { items: [view, { ...view, uses: undefined, expires_at: undefined, admits: true, state: 'used_up' }] }
    expect(await dunlin('node', 'token', 'list')).toBe(0)
    expect(out.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['ID', 'STATE', 'USED', 'EXPIRES', 'ADMITS', 'LABELS'],
      ['01m7z3ydx2cptvyvtyy6vth1dz', 'open', '1/2', '2026-11-22T18:00:00.000Z', 'by hand', 'site=a'],
      ['01m7z3ydx2cptvyvtyy6vth1dz', 'used up', '1/unlimited', 'never', 'at once', 'site=a'],
      [''],
    ])
  })
  it('revokes one by its id, or by the whole token', async () => {
    answer = { ...view, state: 'revoked' }
    expect(await dunlin('node', 'token', 'revoke', 'dnl_01m7z3ydx2cptvyvtyy6vth1dz_xyz', '--reason', 'leaked')).toBe(0)
    expect(asked[0]?.url).toBe('http://api.test/api/v1/tokens/01m7z3ydx2cptvyvtyy6vth1dz/revoke')
    expect(body()).toEqual({ reason: 'leaked' })
    expect(err).not.toContain('xyz')
  })
})
