import { DunlinError } from '@dunlin/contracts'
import { noNode } from '@dunlin/domain'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { silentLogger, systemClock } from '@dunlin/runtime'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it, vi } from 'vitest'
import { oneAtATime } from './one-at-a-time.ts'
import { keepRevocations } from './revocations.ts'

/** As the server of the claims: whole claims are read, and whole claims are written. */
const createServer = () => {
  let stored: ReadonlySet<string> = new Set()
  const claims = {
    revoke: async (keys: ReadonlySet<string>): Promise<boolean> => {
      const before = stored
      await pause(5)
      stored = new Set([...before, ...keys])
      return stored.size > before.size
    },
    close: async () => {},
  }
  return { claims, stored: () => stored }
}

it('loses no key of two instances that tell the server at once', async () => {
  const { leases } = createMemoryStore()
  const { claims, stored } = createServer()
  const instances = [1, 2, 3].map(() => {
    const alone = oneAtATime(leases, 'claims', systemClock)
    return keepRevocations(claims, systemClock, silentLogger, alone)
  })
  // Each knows a key that the others have not read of yet.
  instances.forEach((one, n) => one.begin([{ ...noNode(), revokedKeys: [`U${n}`] }]))
  await vi.waitFor(
    () => expect([...stored()].toSorted((a, b) => a.localeCompare(b))).toEqual(['U0', 'U1', 'U2']),
    10_000,
  )
  for (const one of instances) await one.stop()
})

it('works one after another, also after one that has failed', async () => {
  const { leases } = createMemoryStore()
  const alone = oneAtATime(leases, 'claims', systemClock)
  let inside = 0
  const work = async (fails: boolean): Promise<void> => {
    inside += 1
    expect(inside).toBe(1)
    await pause(2)
    inside -= 1
    if (fails) throw new DunlinError('log_unavailable')
  }
  const all = await Promise.allSettled([true, false, true, false].map((fails) => alone(() => work(fails))))
  expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected', 'fulfilled'])
})

it('works all the same when an instance died inside, or nobody can be asked', async () => {
  const { leases } = createMemoryStore()
  await leases.put('claims', new Uint8Array(1), 0)
  expect(await oneAtATime(leases, 'claims', systemClock, 100)(async () => 'done')).toBe('done')
  const dead = {
    put: async () => Promise.reject(new DunlinError('log_unavailable')),
    delete: async () => false,
  }
  expect(await oneAtATime(dead, 'claims', systemClock)(async () => 'done')).toBe('done')
})
