/** A node that comes and goes, and announces itself, without end: what the scheduler writes because of it stays small. */
import { nodeActor, type NodeId } from '@dunlin/contracts'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { heartbeatSubject, jobSubject, nodeSubject, reportSubject } from '@dunlin/nats'
import { seededRandom, silentLogger, systemClock } from '@dunlin/runtime'
import { afterEach, expect, it, vi } from 'vitest'
import { startScheduler, type RunningScheduler } from './scheduler.ts'

let scheduler: RunningScheduler | undefined
afterEach(() => scheduler?.stop())

const random = seededRandom(1)
const boots = Array.from({ length: 300 }, (_, n) => random.ulid(1_700_000_000_000 + n))
const encode = (value: object): Buffer => Buffer.from(JSON.stringify(value))
const node = 'bad' as NodeId

const start = async () => {
  const store = createMemoryStore()
  scheduler = startScheduler(
    { ...store, clock: systemClock, random, logger: silentLogger },
    { owner: 'test', livenessEveryMs: 20 },
  )
  await scheduler.ready
  const announce = async (n: number): Promise<void> => {
    const boot = boots[n] ?? ''
    const labels = { site: n % 2 === 0 ? 'a' : 'b' }
    const ev = [
      {
        type: 'NodeAnnounced',
        boot,
        protocol: [1, 1],
        agentVersion: '0',
        labels,
        drivers: ['process'],
        resources: { cpus: 1, memoryBytes: 1 },
        journal: boot,
        j: 0,
        executions: [],
      },
    ]
    const subject = reportSubject(node)
    const data = encode({ s: 1, v: 1, cmd: `${boot}/1`, by: nodeActor(node), at: 1, ev })
    await store.log.append({ subject, data, expected: (await store.log.last(subject))?.seq ?? 0 })
  }
  const beat = (n: number): void =>
    store.bus.publish(
      heartbeatSubject(node),
      encode({ s: 1, node, boot: boots[n], n: 1, at: 1, gen: [0, 0], rep: 1, ex: [] }),
    )
  const count = async (subject: string, type: string): Promise<number> => {
    const all = await Array.fromAsync(store.log.read(subject))
    return all.filter(({ data }) => new TextDecoder().decode(data).includes(`"${type}"`)).length
  }
  return { store, announce, beat, count, running: scheduler }
}

it('writes few of the comings and goings of one node', async () => {
  const { announce, beat, count, running } = await start()
  await announce(0)
  await vi.waitFor(async () => expect(await count(nodeSubject(node), 'NodeAdmitted')).toBe(1), 10_000)
  for (let n = 0; n < 60; n += 1) {
    beat(n)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await vi.waitFor(() => expect(running.status().excess['connections']).toBeGreaterThan(0), 10_000)
  const written = await count(nodeSubject(node), 'NodeConnected')
  expect([written > 0, written <= 10]).toEqual([true, true])
})

it('places it anew a few times for what it announces', async () => {
  const { store, announce, count, running } = await start()
  const job = { namespace: 'default', name: 'a' }
  const spec = { name: 'a', type: 'process', config: { command: 'x' }, selector: { match_labels: { site: 'a' } } }
  const created = {
    type: 'JobCreated',
    jobId: boots[0],
    version: 1,
    spec,
    specHash: 'a'.repeat(64),
    content: 'a'.repeat(64),
  }
  const data = encode({ s: 1, v: 1, cmd: 'c1', by: 'user:anna', at: 1, ev: [created] })
  await store.log.append({ subject: jobSubject(job), data, expected: 0 })
  for (let n = 0; n < 200; n += 1) {
    await announce(n)
    if (n % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await vi.waitFor(() => expect(running.status().excess['announcements']).toBeGreaterThan(100), 10_000)
  const written = await count(jobSubject(job), 'PlacementChanged')
  expect([written > 0, written <= 12]).toEqual([true, true])
})
