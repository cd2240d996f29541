/** The real command against the real system, as a person or a script uses it. */
import { parseYamlOrJson } from '@dunlin/contracts'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runDunlin } from './run-dunlin.ts'
import { startSystem, until, type System } from './system.ts'

let system: System
let folder: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-cli-'))
  system = await startSystem({ nodes: 3 })
})
afterAll(async () => {
  await system.stop()
  rmSync(folder, { recursive: true, force: true })
})

const dunlin = (args: readonly string[], { server = system.url, until: enough = '' } = {}) =>
  runDunlin(args, { server, until: enough })
const json = async <T>(args: readonly string[]): Promise<T> => {
  const { code, out, err } = await dunlin([...args, '-o', 'json'])
  expect([code, err]).toEqual([0, ''])
  return JSON.parse(out) as T
}
const file = (name: string, text: string): string => {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}
const parse = (text: string): unknown => {
  const read = parseYamlOrJson(text, 'yaml')
  if (!read.ok) throw read.error
  return read.value
}
interface Page {
  readonly items: readonly Readonly<Record<string, unknown>>[]
}

const aliasBomb = [
  'a: &a [x, x]',
  ...['ab', 'bc', 'cd', 'de'].map(([of, to]) => `${to}: &${to} [${Array(10).fill(`*${of}`).join(', ')}]`),
].join('\n')

describe('dunlin', () => {
  it('applies the example of a process and waits until it is healthy', async () => {
    const applied = await dunlin(['apply', '-f', 'examples/hello-process.yaml', '--wait', '--timeout', '60'])
    expect(applied).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^default\/hello created \(version 1/) as string,
    })
    expect(applied.err).toMatch(/running/)
    const again = await dunlin(['apply', '-f', 'examples/hello-process.yaml', '--wait'])
    expect([again.code, again.out]).toEqual([0, expect.stringContaining('unchanged')])
  })

  it('shows what a job writes and what a node uses, and runs no command where nobody allowed it', async () => {
    const logs = await dunlin(['logs', 'hello', '-f', '--tail', '1'], { until: 'Hello from' })
    expect([logs.code, logs.out]).toEqual([130, expect.stringMatching(/^edge-\d \| Hello from /m)])
    const metrics = await json<{ cpus: number; executions: { job: string; memory_bytes: number }[] }>([
      'node',
      'metrics',
      'edge-1',
    ])
    expect(metrics.cpus).toBeGreaterThan(0)
    expect(metrics.executions).toMatchObject([{ job: 'hello' }])
    expect(metrics.executions[0]?.memory_bytes).toBeGreaterThan(10_000)
    const refused = await dunlin(['exec', 'edge-1', '--', 'id'])
    expect([refused.code, refused.out, refused.err]).toEqual([5, '', expect.stringContaining('exec_not_allowed')])
  })

  it('says by its exit code that a rollout halted', async () => {
    const path = file(
      'broken.yaml',
      'name: broken\ntype: process\nconfig: {command: /nonexistent/program}\nrollout: {strategy: rolling, max_parallel: 34, health_check: {interval: 200ms}}\n',
    )
    const halted = await dunlin(['apply', '-f', path, '--wait', '--timeout', '60'])
    expect(halted).toMatchObject({ code: 7, err: expect.stringContaining('rollout_failed') as string })
    const described = await dunlin(['describe', 'job', 'broken'])
    expect(described.out).toContain('/nonexistent/program')
  })

  it('says by its exit code that no node takes the job, or that it waited in vain', async () => {
    const path = file(
      'nowhere.json',
      JSON.stringify({
        name: 'nowhere',
        type: 'process',
        config: { command: 'true' },
        selector: { match_labels: { env: 'mars' } },
      }),
    )
    await dunlin(['apply', '-f', path])
    await until('it is queued', async () => {
      const { status } = await system.client.jobs.get({ namespace: 'default', name: 'nowhere' })
      return status.state.state_type === 'queued' || undefined
    })
    const queued = await dunlin(['apply', '-f', path, '--wait', '--timeout', '1'])
    expect([queued.code, queued.err]).toEqual([9, expect.stringContaining('timed out')])
  })

  it('gets and describes in every form', async () => {
    const jobs = await dunlin(['get', 'jobs'])
    expect(jobs.out.split('\n')[0]).toMatch(/^NAMESPACE +NAME +TYPE +STATE/)
    expect(jobs.out).toMatch(/^default +hello +process +running/m)
    const nodes = await json<Page>(['get', 'nodes'])
    expect(nodes.items.map(({ id, connection }) => [id, connection])).toEqual(
      [1, 2, 3].map((n) => [`edge-${n}`, 'connected']),
    )
    expect((await json<Page>(['get', 'nodes', '-l', 'n=2'])).items.map(({ id }) => id)).toEqual(['edge-2'])
    const inYaml = await dunlin(['get', 'executions', '--job', 'hello', '-o', 'yaml'])
    const { items } = parse(inYaml.out) as Page
    expect(items.map(({ node, state }) => [node, state])).toEqual([1, 2, 3].map((n) => [`edge-${n}`, 'running']))
    const job = await json<{ spec: object; status: object }>(['describe', 'job', 'hello'])
    expect(job).toMatchObject({
      spec: { name: 'hello', type: 'process' },
      status: { state: { state_type: 'running' } },
    })
    expect(parse((await dunlin(['describe', 'job', 'hello', '-o', 'yaml'])).out)).toMatchObject({ spec: job.spec })
    expect((await dunlin(['describe', 'job', 'hello'])).out).toMatch(/default\/hello +running/)
    // What it shows can be applied again as it is.
    const round = file('round.json', JSON.stringify(job.spec))
    expect((await dunlin(['apply', '-f', round])).out).toContain('unchanged')
  })

  it('shows the log, and follows it until Ctrl-C', async () => {
    const shown = await dunlin(['events', '--since', '0', '--job', 'hello'])
    expect(shown).toMatchObject({ code: 0, err: '' })
    expect(shown.out).toMatch(/^ *\d+ \S+ default\/hello JobCreated/m)
    const lines = (await dunlin(['events', '--since', '0', '-o', 'json'])).out.trimEnd().split('\n')
    const seqs = lines.map((line) => (JSON.parse(line) as { seq: number }).seq)
    expect(seqs).toEqual(seqs.map((_seq, n) => n + 1))
    expect((JSON.parse(lines.find((line) => line.includes('JobCreated')) ?? '{}') as { by: string }).by).toContain(
      'ana',
    )
    const following = dunlin(['events', '-f', '--since', String(seqs.at(-1))], { until: 'JobStopped' })
    expect(await dunlin(['stop', 'hello', '--reason', 'seen enough'])).toMatchObject({ code: 0, err: '' })
    const followed = await following
    expect(followed.code).toBe(130)
    expect(followed.out).toContain('default/hello JobStopped reason=seen enough')
  })

  it('deletes what is stopped, and nothing else without force', async () => {
    const refused = await dunlin(['delete', 'broken'])
    expect([refused.code, refused.out, refused.err]).toEqual([4, '', expect.stringContaining('job_not_stopped')])
    expect((await dunlin(['delete', 'broken', '--force'])).code).toBe(0)
    expect((await dunlin(['delete', 'hello'])).out).toContain('default/hello deleted')
    expect((await dunlin(['describe', 'job', 'hello'])).code).toBe(3)
    await until('nothing runs any more', async () => {
      const { items } = await system.client.executions.list({ state: 'running' })
      return items.length === 0 || undefined
    })
    const left = await json<{ items: { spec: { name: string } }[] }>(['get', 'jobs'])
    expect(left.items.map(({ spec }) => spec.name)).toEqual(['nowhere'])
  })

  it.each<[string, string, number, RegExp]>([
    [
      'a misspelled field',
      'name: x\ntype: process\nconfig:\n  comand: sleep\n',
      2,
      /comand \(line 4, column 3\)[^]*command/,
    ],
    ['an open bracket', 'name: x\ntype: process\nconfig: {command: sleep\n', 2, /line \d+, column \d+/],
    [
      'an unknown type',
      'name: x\ntype: proces\nconfig: {command: sleep}\n',
      2,
      /type \(line 2, column \d+\)[^]*process/,
    ],
    [
      'a number beyond 2^53',
      '{"name": "x",\n "type": "process",\n "priority": 9007199254740993}',
      2,
      /line 3, column \d+/,
    ],
    ['an alias bomb', aliasBomb, 2, /line 1, column 1[^]*aliases that repeat too much/],
  ])('tells where a file is wrong, %s', async (_what, text, code, message) => {
    const ended = await dunlin(['apply', '-f', file('wrong.yaml', text)])
    expect([ended.code, ended.out, ended.err]).toEqual([code, '', expect.stringMatching(message)])
  })

  it('says that a file or a server is not there', async () => {
    expect(await dunlin(['apply', '-f', '/no/such/file'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('ENOENT') as string,
    })
    const unreachable = await dunlin(['get', 'jobs'], { server: 'http://127.0.0.1:9' })
    expect([unreachable.code, unreachable.out]).toEqual([8, ''])
    expect(unreachable.err).toMatch(/server_unreachable[^]*hint/)
  })
})
