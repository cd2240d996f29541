import { describe, expect, it } from 'vitest'
import { eventually, text } from '../contract/harness.ts'
import {
  describeBusContract,
  describeCommandQueueContract,
  describeKeyValueContract,
  describeLogContract,
  describeObjectStoreContract,
} from '../contract/index.ts'
import { testClock } from '../contract/stage.ts'
import { createMemoryStore } from './index.ts'

const stop = async (): Promise<void> => {}

describeLogContract('memory', async () => {
  // Macrotasks, as on a socket: writers that never pause would starve the timers of the cases otherwise.
  const { log, archive, faults } = createMemoryStore({ schedule: (run) => setImmediate(run) })
  const blink = async (): Promise<void> => {
    faults.log.cut()
    await new Promise((resolve) => setTimeout(resolve, 5))
    faults.log.restore()
  }
  return {
    log,
    // In memory a cut is a cut for all; the other process then waits with the first.
    other: log,
    archive,
    killAndRestart: blink,
    loseNextAck: () => faults.log.loseNextAcks(1),
    cutConnection: blink,
    rewind: async (seq) => faults.log.rewindTo(seq),
    recreate: async () => faults.log.recreate(),
    stop,
  }
})
describeKeyValueContract('memory', async () => {
  const { specs } = createMemoryStore()
  return { kv: specs, other: specs, stop }
})
describeBusContract('memory', async () => {
  const { bus } = createMemoryStore()
  return { bus, other: bus, stop }
})
describeObjectStoreContract('memory', async () => {
  const { archive } = createMemoryStore()
  return { objects: archive, other: archive, stop }
})
describeCommandQueueContract('memory', async () => {
  const { commands, intake } = createMemoryStore()
  return {
    queue: commands,
    publish: async (subject, data, headers) => void intake.publish(subject, data, headers),
    stop,
  }
})

describe('the memory store', () => {
  it('forgets message ids when their window is over, and leases when nobody renews them', async () => {
    const clock = testClock()
    const { log, leases } = createMemoryStore({ clock, duplicateWindowMs: 30_000, leaseTtlMs: 10_000 })
    const request = { subject: 'evt.job.t.a', data: text('{}'), msgId: 'id' }
    expect(await log.append({ ...request, expected: 0 })).toMatchObject({ ok: true, duplicate: false })
    await leases.put('k', text('x'), 0)
    clock.advance(9_000)
    expect(await log.append({ ...request, expected: 1 })).toMatchObject({ ok: true, duplicate: true })
    expect(await leases.get('k')).toBeDefined()
    clock.advance(22_000)
    expect(await log.append({ ...request, expected: 1 })).toMatchObject({ ok: true, duplicate: false })
    expect(await leases.get('k')).toBeUndefined()
  })
  it('refuses appends when the log is full', async () => {
    const { log } = createMemoryStore({ maxBytes: 1_000 })
    const append = (expected: number) => log.append({ subject: 'evt.job.t.a', data: text('x'.repeat(500)), expected })
    await append(0)
    await expect(append(1)).rejects.toMatchObject({ code: 'log_full', retryable: true })
  })
  it('takes more when its limit is raised', async () => {
    const { log, faults } = createMemoryStore({ maxBytes: 1_000 })
    const append = (expected: number) => log.append({ subject: 'evt.job.t.a', data: text('x'.repeat(500)), expected })
    await append(0)
    faults.log.limit(2_000)
    expect(await append(1)).toMatchObject({ ok: true, seq: 2 })
    expect((await log.info()).maxBytes).toBe(2_000)
  })
  it('shows a tap what the server holds, whatever followers go through', async () => {
    const { log, faults } = createMemoryStore()
    const seen: string[] = []
    faults.log.tap({ onStored: ({ seq }) => seen.push(`${seq}`), onRewound: (seq) => seen.push(`back to ${seq}`) })
    faults.log.delayDelivery(1_000)
    for (const expected of [0, 1]) await log.append({ subject: 'evt.job.t.a', data: text('{}'), expected })
    faults.log.rewindTo(1)
    await log.append({ subject: 'evt.job.t.a', data: text('{}'), expected: 1 })
    expect(seen).toEqual(['1', '2', 'back to 1', '2'])
  })
  it('lets messages of the bus arrive never, late or twice, as their fate says', async () => {
    const clock = testClock()
    const { bus, faults } = createMemoryStore({ clock })
    const heard: string[] = []
    bus.subscribe('>', ({ subject }) => heard.push(subject))
    const fates: Readonly<Record<string, readonly number[]>> = { lost: [], late: [50], twice: [0, 100] }
    faults.bus.setFate((subject) => fates[subject] ?? [0])
    for (const subject of ['lost', 'late', 'twice', 'other']) bus.publish(subject, text(''))
    await eventually(() => expect(heard).toEqual(['twice', 'other']))
    clock.advance(100)
    await eventually(() => expect(heard).toEqual(['twice', 'other', 'late', 'twice']))
  })
  it('rings the doorbell of a document that is written', async () => {
    const { desired, bus } = createMemoryStore({ doorbell: (key) => `doorbell.${key}` })
    const rung: string[] = []
    bus.subscribe('doorbell.n1', ({ data }) => rung.push(Buffer.from(data).toString()))
    await desired.put('n1', text('document'), 0)
    await eventually(() => expect(rung).toEqual(['document']))
  })
  it('does everything in the order that the given scheduler chooses', async () => {
    const queue: (() => void)[] = []
    const { log } = createMemoryStore({ schedule: (run) => queue.push(run) })
    const results: unknown[] = []
    for (const data of ['first', 'second'])
      void log.append({ subject: 'evt.job.t.a', data: text(data), expected: 0 }).then((result) => results.push(result))
    // The second request reaches the server first.
    queue.splice(1, 1)[0]?.()
    while (queue.length > 0) queue.shift()?.()
    await Promise.resolve()
    await Promise.resolve()
    expect(results).toEqual([
      { ok: true, seq: 1, duplicate: false },
      { ok: false, conflict: true, actual: 1 },
    ])
    const last = log.last('evt.job.t.a')
    while (queue.length === 0) await Promise.resolve()
    queue.shift()?.()
    expect(Buffer.from((await last)?.data ?? []).toString()).toBe('second')
  })
})
