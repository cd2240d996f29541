import { describe, expect, it } from 'vitest'
import { parseJobSpec } from './parse.ts'

const job = (more: object) => ({ name: 'a', type: 'process', config: { command: 'x' }, ...more })
const pathsOf = (spec: unknown): string[] => {
  const parsed = parseJobSpec(spec)
  return parsed.ok ? [] : (parsed.error.toProblem().errors ?? []).map(({ path = '' }) => path)
}
const withSecret = (secret: object, key = 'A') =>
  job({
    secret_providers: { f: { provider: 'file' }, e: { provider: 'env' } },
    secrets: { [key]: secret },
  })

describe('secrets that a node reads', () => {
  it.each([
    [{ from: 'f' }, []],
    [{ from: 'f', path: 'db/password', field: 'x', encoding: 'base64' }, []],
    [{ from: 'e', name: 'DB_PASSWORD' }, []],
    [{ from: 'f', path: '/etc/shadow' }, ['secrets.A.path']],
    [{ from: 'f', path: 'a/../../b' }, ['secrets.A.path']],
    [{ from: 'f', name: 'x' }, ['secrets.A.name']],
    [{ from: 'e', path: 'x' }, ['secrets.A.path']],
    [{ from: 'e', refresh: '1h' }, ['secrets.A.refresh']],
    [{ from: 'x' }, ['secrets.A.from']],
  ])('%j', (secret, paths) => expect(pathsOf(withSecret(secret))).toEqual(paths))

  it.each(['a-b', 'DUNLIN_X'])('cannot be called %s', (key) =>
    expect(pathsOf(withSecret({ from: 'f' }, key))).toEqual([`secrets.${key}`]),
  )
})

it('secrets are refused where nothing reads them', () => {
  const files = { type: 'config', config: { files: [{ path: '/etc/a', content: '' }] } }
  expect(pathsOf({ ...withSecret({ from: 'f' }), ...files })).toEqual(['secrets'])
  expect(pathsOf(job({ ...files, secrets: {} }))).toEqual([])
})

describe('probes', () => {
  const exec = { health: { liveness: { exec: { command: ['true'] } } } }
  it('run commands inside processes only', () => {
    expect(pathsOf(job(exec))).toEqual([])
    expect(pathsOf({ ...job(exec), type: 'pipeline', config: {} })).toEqual(['health.liveness.exec'])
  })
})
