/** Configs of query and container jobs, as people write them wrong. */
import { describe, expect, it } from 'vitest'
import { parseJobSpec } from '../job-spec/parse.ts'

const errorsOf = (type: string, config: object): [string, string | undefined][] => {
  const parsed = parseJobSpec({ name: 'x', type, config })
  if (parsed.ok) return []
  return (parsed.error.errors ?? []).map(({ path = '', code }) => [path, code])
}

const source = { path: '/var/log/a.csv' }
const query = { sql: 'SELECT 1' }

describe('a query', () => {
  it.each([
    query,
    {
      ...query,
      sources: { a: { path: '/a/**/*.jsonl.gz' }, b: { path: '/b/x', format: 'parquet' } },
      params: { n: null },
    },
    { ...query, sources: { a: { ...source, optional: true, columns: { id: 'DECIMAL(9,2)', list: 'VARCHAR[]' } } } },
    { ...query, limits: { rows: 5, memory: '64MiB', disk: 1, timeout: '1m30s', threads: 1 } },
    { ...query, result: { format: 'parquet', max_bytes: '1GiB' } },
  ])('%j is fine', (config) => expect(errorsOf('query', config)).toEqual([]))

  it.each([
    [{}, 'config.sql'],
    [{ sql: '  ' }, 'config.sql'],
    [{ ...query, source: {} }, 'config.source'],
    [{ ...query, sources: { 'a-b': source } }, 'config.sources.a-b'],
    [{ ...query, sources: { a: { path: 'relative.csv' } } }, 'config.sources.a.path'],
    [{ ...query, sources: { a: { path: '/var/log/app.log' } } }, 'config.sources.a.format'],
    [{ ...query, sources: { a: { ...source, format: 'xml' } } }, 'config.sources.a.format'],
    [{ ...query, sources: { a: { ...source, optional: true } } }, 'config.sources.a.columns'],
    [{ ...query, sources: { a: { ...source, columns: { id: 'INT); DROP' } } } }, 'config.sources.a.columns.id'],
    [{ ...query, sources: { a: { path: '/a.json', header: true } } }, 'config.sources.a'],
    [{ ...query, limits: { memory: '1MiB' } }, 'config.limits.memory'],
    [{ ...query, limits: { timeout: 'soon' } }, 'config.limits.timeout'],
    [{ ...query, limits: { row: 5 } }, 'config.limits.row'],
    [{ ...query, result: { max_bytes: '2GiB' } }, 'config.result.max_bytes'],
  ])('%j is refused at %s', (config, path) => {
    expect(errorsOf('query', config).map(([at]) => at)).toContain(path)
  })
})

const container = { image: 'docker.io/library/nginx:1.29' }

describe('a container', () => {
  it.each([
    container,
    { image: 'nginx' },
    { image: `localhost:5000/a/b_c@sha256:${'0'.repeat(64)}` },
    { ...container, command: 'nginx', args: ['-g'], user: '1000:1000', stop_signal: 'SIGQUIT', stop_grace: '3s' },
    { ...container, ports: [{ container: 80, host: 8080, protocol: 'udp', address: '::1' }] },
  ])('%j is fine', (config) => expect(errorsOf('container', config)).toEqual([]))

  it.each([
    [{}, 'config.image'],
    [{ image: 'UPPER/case' }, 'config.image'],
    [{ image: 'a b' }, 'config.image'],
    [{ image: 'a@sha256:123' }, 'config.image'],
    [{ ...container, imagee: 1 }, 'config.imagee'],
    [{ ...container, pull: 'sometimes' }, 'config.pull'],
    [{ ...container, privileged: true }, 'config.privileged'],
    [{ ...container, network: 'none', ports: [{ container: 80 }] }, 'config.ports'],
    [{ ...container, ports: [{ container: 0 }] }, 'config.ports[0].container'],
    [{ ...container, volumes: [{ source: 'relative', target: '/x' }] }, 'config.volumes[0].source'],
    [{ ...container, volumes: [{ source: '/a:/etc', target: '/x' }] }, 'config.volumes[0].source'],
    [{ ...container, volumes: [{ source: '/a', target: '/x/../y' }] }, 'config.volumes[0].target'],
    [{ ...container, env: { DUNLIN_NODE: 'x' } }, 'config.env.DUNLIN_NODE'],
    [{ ...container, registry: { username: 'me', password: 'secret' } }, 'config.registry.username'],
    [{ ...container, cap_drop: ['all'] }, 'config.cap_drop[0]'],
  ])('%j is refused at %s', (config, path) => {
    expect(errorsOf('container', config).map(([at]) => at)).toContain(path)
  })
})

describe('what only several blocks together get wrong', () => {
  const errors = (spec: object): string[] => {
    const parsed = parseJobSpec({ name: 'x', ...spec })
    return parsed.ok ? [] : (parsed.error.errors ?? []).map(({ path = '' }) => path)
  }
  const registry = { username_secret: 'U', password_secret: 'P' }
  const secrets = { secret_providers: { f: { provider: 'file' } }, secrets: { U: { from: 'f' }, P: { from: 'f' } } }
  it('is a registry whose secrets are not there', () => {
    const spec = { type: 'container', config: { ...container, registry } }
    expect(errors(spec)).toEqual(['config.registry.username_secret', 'config.registry.password_secret'])
    expect(errors({ ...spec, ...secrets })).toEqual([])
  })
  it('is a limit that no engine keeps, and a secret that nothing reads', () => {
    expect(errors({ type: 'container', config: container, resources: { disk: '1GiB' } })).toEqual(['resources.disk'])
    expect(errors({ type: 'query', config: query, ...secrets })).toEqual(['secrets'])
  })
})
