/** Who takes part: whoever announces itself, or who joined. */
import { nodeActor, type NodeId } from '@dunlin/contracts'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { heartbeatSubject, nodeSubject, reportSubject } from '@dunlin/nats'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime'
import { afterEach, expect, it, vi } from 'vitest'
import { startScheduler, type RunningScheduler } from '../scheduler.ts'

let scheduler: RunningScheduler | undefined
afterEach(() => scheduler?.stop())

const boot = '01M7Z3YDBNG432AR96BXYJ1K4Q'

/** After the last message of the subject, whoever wrote that. */
const append = async (store: MemoryStore, subject: string, by: string, cmd: string, ev: readonly object[]) => {
  const before = await Array.fromAsync(store.log.read(subject))
  const body = { s: 1, v: before.length + 1, cmd, by, at: 1_700_000_000_000, ev }
  await store.log.append({ subject, data: Buffer.from(JSON.stringify(body)), expected: before.at(-1)?.seq ?? 0 })
}

/** Announces itself and beats, as an agent does. */
const appear = async (store: MemoryStore, node: string): Promise<void> => {
  await append(store, reportSubject(node), nodeActor(node), `${boot}/1`, [
    {
      type: 'NodeAnnounced',
      boot,
      protocol: [1, 1],
      agentVersion: '0',
      labels: {},
      drivers: ['process'],
      resources: { cpus: 1, memoryBytes: 1 },
      journal: boot,
      j: 0,
      executions: [],
    },
  ])
  const beat = { s: 1, node, boot, n: 1, at: 1, gen: [0, 0], rep: 1, ex: [] }
  store.bus.publish(heartbeatSubject(node), Buffer.from(JSON.stringify(beat)))
}

const eventsOf = async (store: MemoryStore, node: string): Promise<string[]> => {
  const all = await Array.fromAsync(store.log.read(nodeSubject(node)))
  return all.flatMap(({ data }) =>
    (JSON.parse(new TextDecoder().decode(data)) as { ev: { type: string }[] }).ev.map(({ type }) => type),
  )
}

const start = async (admission: 'loopback' | 'enrolled'): Promise<MemoryStore> => {
  const store = createMemoryStore()
  scheduler = startScheduler(
    { ...store, clock: systemClock, random: systemRandom, logger: silentLogger },
    { owner: 'test', admission },
  )
  await scheduler.ready
  return store
}

it('admits whoever announces itself under the policy loopback', async () => {
  const store = await start('loopback')
  await appear(store, 'stranger')
  await vi.waitFor(async () => expect(await eventsOf(store, 'stranger')).toContain('NodeAdmitted'), 10_000)
})

it('lets nobody take part who has not joined under the policy enrolled', async () => {
  const store = await start('enrolled')
  await appear(store, 'stranger')
  const node = 'known' as NodeId
  await append(store, nodeSubject(node), 'service:api', 'c1', [
    { type: 'NodeEnrolled', node, publicKey: 'UA', token: boot, labels: {} },
    { type: 'NodeAdmitted', node, policy: 'token' },
  ])
  await appear(store, node)
  // It came later, and what came before it was worked off with it.
  await vi.waitFor(async () => expect(await eventsOf(store, node)).toContain('NodeConnected'), 10_000)
  expect(await eventsOf(store, 'stranger')).toEqual([])
})

it('does not take a removed node for its successor, that joins with another key while the old one was just heard', async () => {
  const store = await start('enrolled')
  const join = (id: string, key: string) =>
    append(store, nodeSubject(id), 'service:api', `join ${key}`, [
      { type: 'NodeEnrolled', node: id, publicKey: key, token: boot, labels: {} },
      { type: 'NodeAdmitted', node: id, policy: 'token' },
    ])
  await join('known', 'UA')
  await appear(store, 'known')
  await vi.waitFor(async () => expect(await eventsOf(store, 'known')).toContain('NodeConnected'), 10_000)
  await append(store, nodeSubject('known'), 'user:anna', 'c2', [{ type: 'NodeRemoved' }])
  await join('known', 'UB')
  // It came later, and what came before it was worked off with it.
  await join('other', 'UC')
  await appear(store, 'other')
  await vi.waitFor(async () => expect(await eventsOf(store, 'other')).toContain('NodeConnected'), 10_000)
  expect((await eventsOf(store, 'known')).slice(-3)).toEqual(['NodeRemoved', 'NodeEnrolled', 'NodeAdmitted'])

  const beat = { s: 1, node: 'known', boot, n: 1, at: 1, gen: [0, 0], rep: 1, ex: [] }
  store.bus.publish(heartbeatSubject('known'), Buffer.from(JSON.stringify(beat)))
  await vi.waitFor(async () => expect((await eventsOf(store, 'known')).at(-1)).toBe('NodeConnected'), 10_000)
})
