/** `dunlin node ...` against an API in this process. */
import { startApi, type RunningApi } from '@dunlin/api'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run } from '../program.ts'

const BOOT = '01J00000000000000000000000'
let store: MemoryStore
let api: RunningApi
beforeAll(async () => {
  store = createMemoryStore()
  api = await startApi({ ...store, clock: systemClock, random: systemRandom, logger: silentLogger }, { port: 0 })
  await api.ready
})
afterAll(() => api.stop())

const versions = new Map<string, number>()
const write = async (subject: string, by: string, event: object): Promise<void> => {
  const last = await store.log.last(subject)
  const v = (versions.get(subject) ?? 0) + 1
  versions.set(subject, v)
  const commit = {
    s: 1,
    v,
    cmd: by.startsWith('node:') ? `${BOOT}/${v}` : `~${subject}${v}`,
    by,
    at: Date.now(),
    ev: [event],
  }
  await store.log.append({ subject, data: Buffer.from(JSON.stringify(commit)), expected: last?.seq ?? 0 })
}
const join = async (id: string): Promise<void> => {
  await write(`evt.report.${id}`, `node:${id}`, {
    type: 'NodeAnnounced',
    boot: BOOT,
    protocol: [1, 1],
    agentVersion: '0.3.0',
    labels: {},
    drivers: ['process'],
    resources: { cpus: 2, memoryBytes: 2 ** 31 },
    journal: BOOT,
    j: 0,
    executions: [],
  })
  await write(`evt.node.${id}`, 'service:scheduler', { type: 'NodeAdmitted', node: id, policy: 'loopback' })
}
let said = 0
const says = (id: string, state: string) =>
  write(`evt.report.${id}`, `node:${id}`, {
    type: 'ExecutionReported',
    journal: BOOT,
    j: (said += 1),
    execution: '01J00000000000000000000002',
    job: { namespace: 'default', name: 'web' },
    generation: [0, 1],
    content: 'a'.repeat(64),
    state,
    attempt: 1,
    at: 1,
  })

const dunlin = async (...argv: readonly string[]) => {
  let [out, err] = ['', '']
  const before = process.exitCode
  const code = await run(argv, {
    out: (text) => void (out += String(text)),
    err: (text) => void (err += String(text)),
    readStdin: () => Promise.resolve(Buffer.from('')),
    env: { DUNLIN_SERVER: api.url },
    style: (_, text) => text,
    styleErr: (_, text) => text,
    terminal: () => undefined,
    interrupted: new AbortController().signal,
  })
  process.exitCode = before
  return { code, out, err }
}

describe('dunlin node', () => {
  it('cordons, labels and opens a node, and the lists show it', async () => {
    await join('edge-1')
    expect(await dunlin('node', 'cordon', 'edge-1', '--reason', 'new disk')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^edge-1 cordoned \(seq \d+\)\n$/),
    })
    expect((await dunlin('node', 'cordon', 'edge-1')).out).toContain('unchanged')
    await dunlin('node', 'label', 'edge-1', 'ring=canary', 'dunlin.io/site=hull')
    expect((await dunlin('get', 'nodes')).out).toMatch(/edge-1 +never +cordoned .*ring=canary,dunlin.io\/site=hull/)
    expect((await dunlin('get', 'nodes', '-o', 'wide')).out).toMatch(
      /CLOCK +CPUS +MEMORY .*\n.* - +2 +2\.0G +- +process/,
    )
    expect(JSON.parse((await dunlin('node', 'label', 'edge-1', 'ring-', '-o', 'json')).out)).toMatchObject({ ok: true })
    expect((await dunlin('describe', 'node', 'edge-1')).out).toMatch(/jobs +cordoned since \d{4}/)
    expect((await dunlin('node', 'uncordon', 'edge-1')).out).toContain('edge-1 open')
  })
  it.each<[readonly string[], number, string]>([
    [['label', 'edge-1', 'oops'], 2, 'key=value'],
    [['label', 'edge-1', 'dunlin.io/os=x'], 2, 'set by the system'],
    [['drain', 'edge-1', '--deadline', 'soon'], 2, 'is not a duration'],
    [['drain', 'nobody'], 3, 'There is no node nobody'],
    [['approve', 'edge-1', '--force'], 2, '--force'],
  ])('%j ends with %i', async (argv, code, text) => {
    const ended = await dunlin('node', ...argv)
    expect([ended.code, ended.err]).toEqual([code, expect.stringContaining(text)])
  })
  it('waits for a drain, and says what it waits for', async () => {
    await join('edge-2')
    await api.inject({
      method: 'PUT',
      url: '/api/v1/jobs',
      headers: { 'content-type': 'application/json' },
      payload: JSON.stringify({ name: 'web', type: 'process', priority: 70, config: { command: 'sleep' } }),
    })
    await says('edge-2', 'running')
    const waiting = dunlin('node', 'drain', 'edge-2', '--deadline', '10m', '--wait', '--timeout', '60')
    await expect
      .poll(async () => (await dunlin('explain', 'node', 'edge-2')).out, { timeout: 10_000 })
      .toMatch(/draining: 1 job still to stop.*\n +waits for default\/web \(priority 70\) to stop/)
    expect((await dunlin('describe', 'node', 'edge-2')).out).toMatch(
      /to stop +default\/web \(priority 70, daemon\): stopping/,
    )
    await says('edge-2', 'stopped')
    const { code, err } = await waiting
    expect([code, err]).toEqual([0, expect.stringContaining('edge-2 is drained: nothing runs there')])
    expect((await dunlin('get', 'nodes')).out).toMatch(/edge-2 +never +drained/)
  })
  it('does not wait for a drain that somebody ended', async () => {
    await join('edge-3')
    await says('edge-3', 'running')
    const waiting = dunlin('node', 'drain', 'edge-3', '--wait')
    await expect
      .poll(async () => (await dunlin('get', 'nodes')).out, { timeout: 10_000 })
      .toMatch(/edge-3 +never +draining/)
    await dunlin('node', 'uncordon', 'edge-3')
    expect(await waiting).toMatchObject({ code: 4, err: expect.stringContaining('not being drained any more') })
  })
  it('removes a node, and takes it back by a person’s word', async () => {
    await join('edge-4')
    expect((await dunlin('node', 'remove', 'edge-4', '--reason', 'scrapped')).out).toContain('edge-4 removed')
    expect((await dunlin('get', 'nodes')).out).not.toContain('edge-4')
    expect(await dunlin('node', 'drain', 'edge-4')).toMatchObject({
      code: 4,
      err: expect.stringContaining('Approve it'),
    })
    expect((await dunlin('node', 'approve', 'edge-4')).out).toContain('edge-4 admitted')
  })
})
