import { describe, expect, it } from 'vitest'
import { settle, testClock, type TestClock } from './contract/stage.ts'
import type { KeyValue } from './kv.ts'
import { holdLease } from './lease.ts'
import { createMemoryStore } from './memory/index.ts'

const TTL = 10_000
const contender = (kv: KeyValue, clock: TestClock, owner: string) => {
  const told: string[] = []
  const lease = holdLease({
    kv,
    key: 'scheduler',
    owner,
    ttlMs: TTL,
    renewMs: 3_000,
    clock,
    onHeld: () => told.push('held'),
    onLost: () => told.push('lost'),
  })
  return { lease, told }
}
const pass = async (clock: TestClock, ms: number) => {
  for (let passed = 0; passed < ms; passed += 500) {
    clock.advance(500)
    await settle()
  }
}
const given = () => {
  const clock = testClock()
  return { clock, kv: createMemoryStore({ clock, leaseTtlMs: TTL }).leases }
}

describe('a lease', () => {
  it('has one holder, who keeps it by renewing', async () => {
    const { clock, kv } = given()
    const one = contender(kv, clock, 'one')
    await settle()
    const two = contender(kv, clock, 'two')
    await pass(clock, 60_000)
    expect([one.lease.held(), two.lease.held()]).toEqual([true, false])
    expect([one.told, two.told]).toEqual([['held'], []])
  })
  it('passes to another at once when its holder stops', async () => {
    const { clock, kv } = given()
    const one = contender(kv, clock, 'one')
    await settle()
    const two = contender(kv, clock, 'two')
    await settle()
    await one.lease.stop()
    expect(one.told).toEqual(['held', 'lost'])
    await pass(clock, 3_500)
    expect(two.lease.held()).toBe(true)
  })
  it('is given up at 70 % of its life without a confirmed renewal, before another can get it', async () => {
    const { clock, kv } = given()
    let answers = true
    const deaf: KeyValue = { ...kv, put: (...args) => (answers ? kv.put(...args) : new Promise(() => {})) }
    const one = contender(deaf, clock, 'one')
    await settle()
    const two = contender(kv, clock, 'two')
    answers = false
    await pass(clock, 6_500)
    expect(one.lease.held()).toBe(true)
    await pass(clock, 1_000)
    expect([one.lease.held(), two.lease.held()]).toEqual([false, false])
    expect(one.told).toEqual(['held', 'lost'])
    await pass(clock, 6_000)
    expect(two.lease.held()).toBe(true)
  })
  it('is lost when somebody else has written the entry', async () => {
    const { clock, kv } = given()
    const one = contender(kv, clock, 'one')
    await settle()
    const entry = await kv.get('scheduler')
    await kv.put('scheduler', Buffer.from('{"owner":"thief"}'), entry?.revision ?? 0)
    await pass(clock, 3_500)
    expect(one.told).toEqual(['held', 'lost'])
  })
  it('is taken from a dead holder even where entries do not expire', async () => {
    const clock = testClock()
    const { leases } = createMemoryStore({ clock, leaseTtlMs: 1e12 })
    await leases.put('scheduler', Buffer.from('not even JSON'), 0)
    const two = contender(leases, clock, 'two')
    await pass(clock, 14_000)
    expect(two.lease.held()).toBe(false)
    await pass(clock, 5_000)
    expect(two.lease.held()).toBe(true)
  })
  it('is its own again after a restart under the same name', async () => {
    const { clock, kv } = given()
    contender(kv, clock, 'one')
    await settle()
    const again = contender(kv, clock, 'one')
    await settle()
    expect(again.lease.held()).toBe(true)
  })
})
