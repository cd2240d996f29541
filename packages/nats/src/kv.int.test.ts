import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { KeyValue } from '@dunlin/eventstore'
import { startNatsServer, type TestNatsServer } from '@dunlin/testkit'
import { connectAgent, connectStore, desiredSubject, doorbellSubject, type ConnectedStore } from './index.ts'
import { startProxy } from './test-tools/proxy.ts'
import { bytes, text, until } from './test-tools/wait.ts'

let server: TestNatsServer
let store: ConnectedStore
beforeAll(async () => {
  server = await startNatsServer()
  store = await connectStore({ url: server.url, name: 'test' })
})
afterAll(async () => {
  await store.close()
  await server.stop()
})

describe.each(['leases', 'desired', 'specs'] as const)('%s', (port) => {
  const kv = (): KeyValue => store[port]

  test('writes by compare-and-set only, and keeps the last value', async () => {
    const first = await kv().put('a', bytes('1'), 0)
    expect(first).toBeGreaterThan(0)
    expect(await kv().put('a', bytes('2'), 0)).toBeUndefined()
    expect(await kv().put('a', bytes('2'), (first ?? 0) + 1_000)).toBeUndefined()
    const second = await kv().put('a', bytes('2'), first ?? 0)
    expect(second).toBeGreaterThan(first ?? 0)
    expect(await kv().get('a')).toMatchObject({ key: 'a', revision: second })
    expect(text((await kv().get('a'))?.value)).toBe('2')
    expect(await kv().get('none')).toBeUndefined()
  })

  test('deletes by compare-and-set, and a deleted key can be made again', async () => {
    const revision = (await kv().put('d', bytes('x'), 0)) ?? 0
    expect(await kv().delete('d', revision + 1)).toBe(false)
    expect(await kv().delete('d', revision)).toBe(true)
    expect(await kv().get('d')).toBeUndefined()
    expect(await kv().keys('d')).toEqual([])
    expect(await kv().put('d', bytes('y'), 0)).toBeGreaterThan(revision)
    expect(await kv().keys('d')).toEqual(['d'])
  })

  test('keys may hold any character, and are listed by prefix', async () => {
    for (const key of ['p/1', 'p/2.x', 'q ü']) expect(await kv().put(key, bytes(key), 0)).toBeDefined()
    expect(await kv().keys('p/')).toEqual(['p/1', 'p/2.x'])
    expect(await kv().keys()).toEqual(expect.arrayContaining(['p/1', 'p/2.x', 'q ü']))
    expect(text((await kv().get('q ü'))?.value)).toBe('q ü')
  })

  test('of many writers with one expectation one wins', async () => {
    const other = await connectStore({ url: server.url, name: 'other' })
    const writers = [kv(), other[port]].flatMap((to) => [to, to, to])
    const results = await Promise.all(writers.map((to) => to.put('race', bytes('same bytes'), 0)))
    expect(results.filter((r) => r !== undefined)).toHaveLength(1)
    await other.close()
  })

  test('a write whose answer was lost counts once', async () => {
    const proxy = await startProxy(server.port)
    const proxied = await connectStore({ url: proxy.url, name: 'proxied', publish: { attemptMs: 300 } })
    proxy.withhold()
    const writing = proxied[port].put('lost', bytes('same bytes'), 0)
    await until(async () => (await kv().get('lost')) !== undefined, 'stored')
    proxy.cut()
    const stored = await kv().get('lost')
    expect(await writing).toBe(stored?.revision)
    // Another writer with the very same bytes did not write this.
    expect(await kv().put('lost', bytes('same bytes'), 0)).toBeUndefined()
    await proxied.close()
    await proxy.stop()
  })
})

test('a lease vanishes when it is not renewed, and then belongs to whoever comes', async () => {
  const revision = await store.leases.put('role', bytes('me'), 0)
  expect(await store.leases.put('role', bytes('you'), 0)).toBeUndefined()
  await until(async () => (await store.leases.get('role')) === undefined, 'expired', 45_000)
  expect(await store.leases.put('role', bytes('you'), 0)).toBeGreaterThan(revision ?? 0)
  expect(await store.leases.put('role', bytes('me'), revision ?? 0)).toBeUndefined()
})

test('a written document rings the doorbell, and the agent reads it by direct get', async () => {
  const agent = await connectAgent({ url: server.url, name: 'agent' })
  const rung: string[] = []
  agent.bus.subscribe(doorbellSubject('n1'), (m) => rung.push(`${m.headers['Nats-Subject']} ${text(m.data)}`))
  await agent.bus.flush()
  expect(await agent.desired.get('n1')).toBeUndefined()
  const revision = (await store.desired.put('n1', bytes('document'), 0)) ?? 0
  await until(() => rung.length > 0, 'the bell')
  expect(rung).toEqual([`${desiredSubject('n1')} document`])
  expect(await agent.desired.get('n1')).toEqual({ key: 'n1', value: Buffer.from('document'), revision })
  await store.desired.delete('n1', revision)
  expect(await agent.desired.get('n1')).toBeUndefined()
  await store.specs.put('ff', bytes('spec'), 0)
  expect(text((await agent.specs.get('ff'))?.value)).toBe('spec')
  await agent.close()
})

test('large objects come back whole, are listed and deleted', async () => {
  const value = new Uint8Array(1_500_000).map((_, i) => i % 251)
  await store.snapshots.put('scheduler/1', value)
  await store.snapshots.put('scheduler/2', bytes('small'))
  await store.snapshots.put('api/1', new Uint8Array())
  expect(Buffer.compare((await store.snapshots.get('scheduler/1')) ?? new Uint8Array(), value)).toBe(0)
  expect(await store.snapshots.list('scheduler/')).toEqual([
    { name: 'scheduler/1', sizeBytes: 1_500_000 },
    { name: 'scheduler/2', sizeBytes: 5 },
  ])
  await store.snapshots.delete('scheduler/1')
  await store.snapshots.delete('never')
  expect(await store.snapshots.get('scheduler/1')).toBeUndefined()
  expect(await store.archive.get('scheduler/2')).toBeUndefined()
  expect((await store.snapshots.list()).map((o) => o.name)).toEqual(['api/1', 'scheduler/2'])
})
