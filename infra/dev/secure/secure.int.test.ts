/** A secured fleet: its nodes work, and a credential of one of them opens nothing else, whatever is tried with it. */
import { DESIRED_SCHEMA } from '@dunlin/contracts'
import {
  connectStore,
  contentSubject,
  credentialsFrom,
  doorbellSubject,
  heartbeatSubject,
  jobSubject,
  openLink,
  reportSubject,
  userCredentials,
  type ConnectedStore,
  type Link,
} from '@dunlin/nats'
import { readMembership } from '@dunlin/node-agent'
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { takeDataDir } from '../data-dir.ts'
import { launchFleet, type Fleet, type Launch } from '../fleet.ts'
import { prepareSecurity, refuseOtherKind } from './files.ts'
import { createHostile, serviceMemory } from './hostile.ts'

const dataDir = mkdtempSync(join(tmpdir(), 'dunlin-secure-'))
let giveBack: () => void
let launch: Launch
let fleet: Fleet
let centre: ConnectedStore
let node: Link
const opened: { close(): Promise<void> }[] = []
let stolen: Parameters<typeof openLink>[0]

beforeAll(async () => {
  giveBack = takeDataDir(dataDir)
  launch = launchFleet({
    nodes: 2,
    apiPort: 0,
    natsPort: 0,
    dataDir,
    acceptRunningServer: false,
    actor: 'test',
    secure: true,
  })
  fleet = await launch.ready
  const { credentials } = await prepareSecurity(dataDir)
  centre = await connectStore({ url: fleet.nats, name: 'test', noEnsure: true, ...credentialsFrom(credentials.api) })
  const own = join(dataDir, 'nodes', 'edge-1')
  stolen = {
    url: fleet.nats,
    name: 'thief',
    inboxPrefix: '_INBOX_edge-1',
    credentials: userCredentials(
      readMembership(own)?.credential ?? '',
      readFileSync(join(own, 'credentials', 'node.nk'), 'utf8').trim(),
    ),
  }
  node = await openLink(stolen)
  opened.push(node, centre)
}, 120_000)
afterAll(async () => {
  await Promise.all(opened.map((part) => part.close()))
  await launch.stop()
  giveBack()
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
})

const eventually = (check: () => void | Promise<void>, timeout = 30_000): Promise<void> =>
  vi.waitFor(check, { timeout, interval: 50 })

const rollout = { max_parallel: 100, health_check: { interval: '200ms', success_threshold: 1, deadline: '120s' } }
const decode = (data: Uint8Array | undefined): string => new TextDecoder().decode(data)
const beat = heartbeatSubject('edge-2')
const api = '$JS.API'

it('runs jobs on nodes that joined, and keeps secrets for their owner', async () => {
  const spec = { name: 'work', type: 'process', config: { command: 'sleep', args: ['1000'] }, rollout }
  await fleet.client.jobs.apply({ spec })
  await eventually(async () => {
    const { items } = await fleet.client.executions.list({ namespace: 'default', job: 'work', state: 'running' })
    expect(items.map((one) => one.node).toSorted()).toEqual(['edge-1', 'edge-2'])
  })
  const files = ['secure/authority.json', 'secure/api.creds', 'secure/api-token', 'secure/operator.nk']
  for (const file of [...files, 'nodes/edge-1/credentials/node.nk', 'nodes/edge-1/credentials/membership.json'])
    expect([file, statSync(join(dataDir, file)).mode & 0o777]).toEqual([file, 0o600])
  expect(() => refuseOtherKind(dataDir, false)).toThrow('add --secure')
})

describe('the credential of a node', () => {
  it.each([
    reportSubject('edge-2'),
    beat,
    'desired.edge-1',
    'desired.edge-2',
    doorbellSubject('edge-1'),
    doorbellSubject('edge-2'),
    'rpc.edge-1.exec',
    'rpc.edge-2.boot',
    'rpc.*.boot',
    '_INBOX_edge-2.x',
    '_INBOX.x',
    'evt.job.default.work',
    'evt.node.edge-1',
    'evt.token.x',
    'evt.log',
    'evt.report.*',
    'evt.report.>',
    'cmd.job.default.work.stop',
    'cmd.node.edge-2.remove',
    'dead.x',
    'outcome.x',
    'fresh.edge-1',
    'spec.x',
    'content.a.b',
    '$KV.LEASES.scheduler',
    '$O.ARCHIVE.C.x',
    `${api}.INFO`,
    `${api}.STREAM.LIST`,
    `${api}.STREAM.INFO.EVENTS`,
    `${api}.STREAM.CREATE.X`,
    `${api}.STREAM.DELETE.EVENTS`,
    `${api}.STREAM.PURGE.EVENTS`,
    `${api}.STREAM.MSG.GET.EVENTS`,
    `${api}.STREAM.MSG.DELETE.EVENTS`,
    `${api}.CONSUMER.CREATE.EVENTS`,
    `${api}.CONSUMER.MSG.NEXT.COMMANDS.x`,
    `${api}.DIRECT.GET.EVENTS`,
    `${api}.DIRECT.GET.EVENTS.>`,
    `${api}.DIRECT.GET.EVENTS.evt.job.default.work`,
    `${api}.DIRECT.GET.EVENTS.evt.report.edge-2`,
    `${api}.DIRECT.GET.EVENTS.evt.report.*`,
    `${api}.DIRECT.GET.DESIRED`,
    `${api}.DIRECT.GET.DESIRED.desired.edge-2`,
    `${api}.DIRECT.GET.DESIRED.desired.*`,
    `${api}.DIRECT.GET.DESIRED.desired.>`,
    `${api}.DIRECT.GET.SPECS.spec.*`,
    `${api}.DIRECT.GET.SPECS.spec.>`,
    `${api}.DIRECT.GET.KV_LEASES.$KV.LEASES.scheduler`,
    '$JS.ACK.EVENTS.x',
    '$JS.EVENT.ADVISORY.x',
    '$SYS.REQ.SERVER.PING',
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.ACCOUNT.x.CONNECT',
    '>',
    '*',
  ])('may not publish to %s', async (subject) => {
    await expect(node.nc.request(subject, '{"last_by_subj":">"}', { timeout: 5_000 })).rejects.toThrow(/permission/i)
  })

  it.each([
    '>',
    '*',
    '*.>',
    'evt.>',
    'desired.>',
    'doorbell.*',
    'doorbell.edge-2',
    'rpc.>',
    'rpc.*.boot',
    'rpc.edge-2.>',
    'hb.>',
    beat,
    'cmd.>',
    'outcome.>',
    'content.*',
    'spec.>',
    '_INBOX.>',
    '_INBOX_edge-2.>',
    '_R_.>',
    '$JS.>',
    '$KV.>',
    '$SYS.>',
  ])('may not listen to %s', async (subject) => {
    const refused = new Promise<unknown>((resolve) => {
      node.nc.subscribe(subject, { callback: (error) => resolve(error) })
    })
    expect(String(await refused)).toMatch(/permission/i)
  })

  it('reads no content by a wildcard, and one that it knows by its hash', async () => {
    const ask = async (hash: string) =>
      (await node.nc.request(`content.${hash}`, '', { timeout: 5_000 })).data.byteLength
    for (const hash of ['*', '>', 'a*', '0'.repeat(64)]) expect([hash, await ask(hash)]).toEqual([hash, 0])
    const [recorded] = await Array.fromAsync(centre.log.read(jobSubject({ namespace: 'default', name: 'work' })))
    const { content = '' } = (JSON.parse(decode(recorded?.data)) as { ev: { content?: string }[] }).ev[0] ?? {}
    expect(await ask(content)).toBeGreaterThan(0)
    expect(contentSubject(content)).toBe(`content.${content}`)
  })

  it('cannot have the server write its own words elsewhere, as an answer to itself', async () => {
    const document = { s: DESIRED_SCHEMA, node: 'edge-2', generation: [9, 9], executions: [] }
    const own = reportSubject('edge-1')
    const targets = [
      'evt.job.default.evil',
      'evt.node.edge-2',
      'evt.log',
      reportSubject('edge-2'),
      'cmd.job.default.work.stop',
      'desired.edge-2',
      'spec.evil',
      '$KV.LEASES.scheduler',
      `${api}.STREAM.DELETE.EVENTS`,
      beat,
      'rpc.edge-2.boot',
      doorbellSubject('edge-2'),
    ]
    const heard: string[] = []
    const ears = [beat, 'rpc.edge-2.boot', 'cmd.>', 'desired.*', 'spec.*', '$KV.>'].map((subject) =>
      centre.bus.subscribe(subject, ({ data }) => heard.push(decode(data))),
    )
    await centre.bus.flush()
    const generation = async () => {
      const { data } = await centre.bus.request('rpc.edge-2.ping', Buffer.from('{}'), 5_000)
      return JSON.parse(decode(data)) as { generation: unknown; problem?: unknown }
    }
    const before = await generation()
    for (const reply of targets) {
      node.nc.publish(own, JSON.stringify(document), { reply })
      node.nc.publish(`${api}.DIRECT.GET.EVENTS.${own}`, '', { reply })
    }
    // Answered after all of those before it.
    await node.nc.request(own, '{}')
    await node.nc.request(`${api}.DIRECT.GET.EVENTS.${own}`, '')
    await centre.bus.flush()
    for (const subject of targets.filter((one) => one.startsWith('evt.')))
      for await (const { data } of centre.log.read(subject)) heard.push(decode(data))
    expect(heard.filter((body) => body === JSON.stringify(document) || body.startsWith('{"stream"'))).toEqual([])
    expect(await generation()).toMatchObject({ generation: before.generation, problem: before.problem })
    for (const ear of ears) ear.stop()
  })

  it('harms nobody by what it says, however wrong that is, and the centre tells of it', async () => {
    const bad = createHostile(node, 'edge-1')
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`
    for (const text of [
      '',
      '{',
      deep,
      `{"s":1,"v":1,"cmd":"7/1","by":"node:edge-1","at":1,"ev":[{"type":"x","x":${deep}}]}`,
    ])
      bad.say(text)
    for (const wrong of [
      { resources: { cpus: 1e308, memoryBytes: -1 } },
      { labels: { 'a b': 'x' } },
      { executions: [{ execution: 'x' }] },
      { problems: [{ code: 'x'.repeat(1_000), message: 1 }] },
      { boot: 'x'.repeat(100_000) },
    ])
      bad.announce(wrong)
    for (const wrong of [
      { node: 'edge-2' },
      { gen: [2 ** 40, 1] },
      { at: Number.MIN_SAFE_INTEGER },
      { at: 253_402_300_799_000 },
      { n: -1 },
      { ex: 'x'.repeat(500_000) },
    ])
      for (let n = 0; n < 50; n += 1) bad.beat(wrong)
    const before = serviceMemory()
    const began = performance.now()
    const count = Number(process.env['DUNLIN_FLOOD'] ?? 4_600)
    const labels = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, 'x'.repeat(1_000)]))
    // The real agent may begin again meanwhile, and announce itself over it.
    await eventually(async () => {
      bad.announce({ labels })
      await bad.invent(count)
      await eventually(async () => {
        const { warnings = [] } = await fleet.client.nodes.get('edge-1')
        expect(warnings.map(({ code }) => code)).toEqual(expect.arrayContaining(['reports_dropped', 'labels_dropped']))
      }, 5_000)
      const { items } = await fleet.client.executions.list({ node: 'edge-1', limit: 1000 })
      expect(items.length).toBe(1000)
    }, 100_000)
    if (process.env['DUNLIN_FLOOD'] !== undefined) {
      await new Promise((resolve) => setTimeout(resolve, 20_000))
      console.log({ count, ms: Math.round(performance.now() - began), before, after: serviceMemory() })
    }
    // The others are heard, and work.
    const spec = {
      name: 'after',
      type: 'process',
      config: { command: 'sleep', args: ['1000'] },
      rollout,
    }
    await fleet.client.jobs.apply({ spec })
    await eventually(async () => {
      const { items: running } = await fleet.client.executions.list({
        namespace: 'default',
        job: 'after',
        node: 'edge-2',
      })
      expect(running.map(({ state }) => state)).toEqual(['running'])
    })
    expect((await fleet.client.nodes.get('edge-2')).connection).toBe('connected')
  }, 180_000)

  it('ends when the node is removed: at once, and for good', async () => {
    const closed = node.nc.closed()
    const lost = new Promise<void>((resolve) => {
      node.onLive((live) => (live ? undefined : resolve()))
    })
    await fleet.client.nodes.remove('edge-1', { force: true })
    await Promise.race([lost, closed])
    await expect(openLink(stolen)).rejects.toThrow(/authorization|authentication/i)
  })
})
