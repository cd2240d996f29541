import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startApi, type RunningApi } from '@dunlin/api'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'

const bin = fileURLToPath(new URL('../bin/dunlin.js', import.meta.url))
let api: RunningApi
let store: MemoryStore
let folder: string
beforeAll(async () => {
  store = createMemoryStore()
  api = await startApi({ ...store, clock: systemClock, random: systemRandom, logger: silentLogger }, { port: 0 })
  await api.ready
  folder = await mkdtemp(join(tmpdir(), 'dunlin-cli-'))
})
afterAll(async () => {
  await api.stop()
  await rm(folder, { recursive: true })
})

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}
interface RunOptions {
  readonly input?: string
  readonly server?: string
  readonly env?: Readonly<Record<string, string>>
  /** Interrupts (Ctrl-C) as soon as standard output holds this. */
  readonly interruptAfter?: string
}

/** The real command in a process of its own. */
const dunlin = (args: readonly string[], options: RunOptions = {}): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', DUNLIN_SERVER: options.server ?? api.url ?? '', ...options.env }
    const child = spawn(process.execPath, [bin, ...args], { env, stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    let err = ''
    let interrupted = false
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
      if (options.interruptAfter === undefined || interrupted || !out.includes(options.interruptAfter)) return
      interrupted = true
      child.kill('SIGINT')
    })
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, out, err }))
    child.stdin.end(options.input ?? '')
  })

const spec = (name: string, more = ''): string =>
  `name: ${name}\ntype: process\nconfig: {command: sleep, args: ["9"]}\n${more}`
const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, text)
  return path
}

// Up to ten processes in one case.
describe('dunlin', { timeout: 120_000 }, () => {
  it('applies a file, says when nothing changes, and reads standard input', async () => {
    const path = await file('web.yaml', spec('web'))
    expect(await dunlin(['apply', '-f', path])).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^default\/web created \(version 1, /) as string,
      err: '',
    })
    expect((await dunlin(['apply', '-f', path])).out).toContain('unchanged')
    const changed = await dunlin(['apply', '-f', '-', '-o', 'json'], { input: spec('web', 'priority: 9') })
    expect(JSON.parse(changed.out)).toMatchObject({ ok: true, version: 2 })
    const json = await file('other.json', JSON.stringify({ name: 'other', type: 'process', config: { command: 'x' } }))
    expect((await dunlin(['apply', '-f', json])).code).toBe(0)
    expect((await dunlin(['apply', '-f', path, '--idempotency-key', 'one'])).code).toBe(0)
    const reused = await dunlin(['apply', '-f', '-', '--idempotency-key', 'one'], { input: spec('web', 'priority: 3') })
    expect([reused.code, reused.err]).toEqual([4, expect.stringContaining('idempotency_key_reused')])
    expect((await dunlin(['apply', '-f', path, '--if-match', 'version:7'])).code).toBe(4)
  })

  it('prints warnings to standard error only', async () => {
    const done = await dunlin(['apply', '-f', '-', '-o', 'yaml'], {
      input: spec('older', 'deployment: {max_parallel: 2}'),
    })
    expect(done.code).toBe(0)
    expect(done.err).toContain('warning deployment')
    expect(parse(done.out)).toMatchObject({ ok: true, name: 'older' })
  })

  it.each<[string, string[], RunOptions, number, RegExp]>([
    [
      'a wrong spec, by line and nearest name',
      ['apply', '-f', '-'],
      { input: spec('x', 'priorty: 3') },
      2,
      /priorty \(line 4, column 1\).*priority/,
    ],
    ['a missing file', ['apply', '-f', '/no/such/file'], {}, 2, /ENOENT/],
    ['a missing option', ['apply'], {}, 2, /--file/],
    ['an unknown command', ['aply'], {}, 2, /apply/],
    ['a wrong filter', ['get', 'jobs', '--state', 'fine'], {}, 2, /query\.state/],
    ['an unknown job', ['describe', 'job', 'nobody'], {}, 3, /job_not_found/],
    ['a job that is not stopped', ['delete', 'web'], {}, 4, /job_not_stopped[^]*hint/],
    ['a server that is not there', ['get', 'jobs'], { server: 'http://127.0.0.1:9' }, 8, /server_unreachable/],
    ['an address that is none', ['get', 'jobs', '--server', 'nowhere'], {}, 2, /address/],
    ['a log that takes nothing', ['stop', 'web'], {}, 8, /log_full[^]*later/],
  ])('%s', async (_name, args, options, code, message) => {
    if (code === 8 && options.server === undefined) store.faults.log.refuseAppends('log_full')
    const ended = await dunlin(args, options)
    store.faults.log.refuseAppends(undefined)
    expect({ code: ended.code, out: ended.out }).toEqual({ code, out: '' })
    expect(ended.err).toMatch(message)
  })

  it('gives errors as problem documents with -o json', async () => {
    const { code, err } = await dunlin(['describe', 'job', 'nobody', '-o', 'json'])
    expect([code, JSON.parse(err)]).toMatchObject([3, { code: 'job_not_found', status: 404 }])
  })

  it('lists as table, JSON and YAML, over several pages', async () => {
    const table = await dunlin(['get', 'jobs', '-n', 'default', '--limit', '2'])
    expect(table.out).toMatch(/^NAMESPACE +NAME +TYPE +STATE/)
    expect(table.out.trimEnd().split('\n')).toHaveLength(3)
    expect(table.err).toContain('2 of 3 shown')
    expect((await dunlin(['get', 'jobs', '--no-headers'])).out).not.toContain('NAMESPACE')
    const names = (page: unknown): string[] =>
      (page as { items: { spec: { name: string } }[] }).items.map(({ spec }) => spec.name)
    expect(names(JSON.parse((await dunlin(['get', 'jobs', '-o', 'json'])).out))).toEqual(['older', 'other', 'web'])
    expect(names(parse((await dunlin(['get', 'jobs', '-o', 'yaml'])).out))).toEqual(['older', 'other', 'web'])
    expect(await dunlin(['get', 'nodes', '--no-headers'])).toEqual({ code: 0, out: '', err: 'nothing found\n' })
    expect((await dunlin(['get', 'executions', '--job', 'web', '-o', 'json'])).code).toBe(0)
  })

  it('describes a job, stops it and deletes it', async () => {
    expect((await dunlin(['describe', 'job', 'default/web'])).out).toMatch(/default\/web {2}pending[^]*Versions/)
    expect((await dunlin(['stop', 'web', '--reason', 'enough'])).out).toContain('default/web stopped')
    expect((await dunlin(['delete', 'web', '-n', 'default'])).out).toContain('default/web deleted')
    expect((await dunlin(['delete', 'other', '--force'])).code).toBe(0)
  })

  it('says created of a job that is applied again after its deletion, and updated of one that stood', async () => {
    expect((await dunlin(['apply', '-f', '-'], { input: spec('again') })).out).toMatch(/again created \(version 1/)
    const update = { input: spec('again', 'priority: 60') }
    expect((await dunlin(['apply', '-f', '-'], update)).out).toMatch(/again updated \(version 2/)
    expect((await dunlin(['delete', 'again', '--force'])).code).toBe(0)
    expect((await dunlin(['apply', '-f', '-'], update)).out).toMatch(/again created \(version 3/)
    expect((await dunlin(['delete', 'again', '--force'])).code).toBe(0)
  })

  it('shows the log up to the present, and follows it until Ctrl-C', async () => {
    const text = await dunlin(['events', '--since', '0'])
    expect(text.code).toBe(0)
    expect(text.out).toMatch(/default\/web JobStopped reason=enough/)
    const events = (await dunlin(['events', '--job', 'web', '-o', 'json'])).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { name: string })
    expect(new Set(events.map(({ name }) => name))).toEqual(new Set(['web']))
    const followed = await dunlin(['events', '-f', '--since', '0'], { interruptAfter: 'JobStopped' })
    expect(followed.code).toBe(130)
  })

  it('waits no longer than it is told, and says that no node can take the job only when that is so', async () => {
    const waited = await dunlin(['apply', '-f', '-', '--wait', '--timeout', '1'], { input: spec('slow') })
    expect(waited).toMatchObject({ code: 6, out: expect.stringContaining('created') as string })
    expect(waited.err).toMatch(/pending[^]*timed out/)
  })

  it('validates without a server', async () => {
    const offline = { server: 'http://127.0.0.1:9' }
    expect(await dunlin(['validate', '-f', '-'], { ...offline, input: spec('x') })).toMatchObject({
      code: 0,
      out: 'standard input: default/x valid\n',
    })
    expect((await dunlin(['validate', '-f', '-'], { ...offline, input: 'name: [' })).code).toBe(2)
    // What the server would refuse as not built is not called valid.
    const scheduled = await dunlin(['validate', '-f', '-'], {
      ...offline,
      input: spec('x', 'schedule: {cron: "@daily"}\n'),
    })
    expect([scheduled.code, scheduled.err]).toEqual([2, expect.stringMatching(/schedule \(line 4/)])
    const wrapped = `spec:\n  ${'name: x\ntype: pipeline\nconfig:\n  input: {fil: {}}\n  output: {stdout: {}}\n'.replaceAll('\n', '\n  ')}`
    const inside = await dunlin(['validate', '-f', '-'], { ...offline, input: wrapped })
    expect(inside.err).toMatch(/config\.input\S* \(line 5, column \d+\)/)
    const pipeline = 'name: x\ntype: pipeline\nconfig:\n  input: {fil: {}}\n  output: {stdout: {}}\n'
    const linted = await dunlin(['validate', '-f', '-'], { ...offline, input: pipeline })
    expect([linted.code, linted.err]).toEqual([2, expect.stringMatching(/config\.input\S* \(line 4, column \d+\)/)])
  })

  it('helps with examples, knows its version, and colours only when asked to', async () => {
    for (const args of [['--help'], ['apply', '--help'], ['get', 'jobs', '--help'], ['rollout', 'get', '--help']])
      expect(await dunlin(args)).toMatchObject({ code: 0, out: expect.stringContaining('Example') as string, err: '' })
    expect((await dunlin(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/)
    expect((await dunlin(['version'])).out).toContain(process.version)
    expect((await dunlin(['describe', 'job', 'nobody'])).err).not.toContain('\u001B[')
    expect((await dunlin(['describe', 'job', 'nobody'], { env: { FORCE_COLOR: '1' } })).err).toContain('\u001B[')
    expect((await dunlin(['describe', 'job', 'nobody'], { env: { NO_COLOR: '1' } })).err).not.toContain('\u001B[')
  })
})
