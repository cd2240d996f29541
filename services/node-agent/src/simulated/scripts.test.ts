/** What scripts, tests and second boots make of simulated agents, on a virtual clock: the instants are exact. */
import {
  heartbeatSchema,
  type Commit,
  type DesiredExecution,
  type Heartbeat,
  type NodeId,
  type ReportEvent,
  type WindowEnd,
} from '@dunlin/contracts/agent'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject, heartbeatSubject, reportSubject } from '@dunlin/nats/agent'
import { seededRandom, silentLogger } from '@dunlin/runtime/agent'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { documentOf, entryFor, sh } from '../testing/node.ts'
import { startSimulatedAgents, type SimulatedFleet, type SimulatedOptions } from './fleet.ts'
import { onlyInWindows, untilWindow, type Script } from './script.ts'

const A = 'sim-000000' as NodeId
const MINUTE = 60_000
const health = { intervalMs: 1_000, maxErrorRate: 0.1, successThreshold: 50, failureThreshold: 50, deadlineMs: 60_000 }

let clock: VirtualClock
let store: MemoryStore
let heartbeats: Heartbeat[]
let fleet: SimulatedFleet

beforeEach(() => {
  clock = createVirtualClock(1_000_000)
  store = createMemoryStore({ clock, doorbell: doorbellSubject })
  heartbeats = []
  store.bus.subscribe('hb.>', ({ data, subject }) => {
    const heartbeat = heartbeatSchema.parse(JSON.parse(new TextDecoder().decode(data)))
    expect(subject).toBe(heartbeatSubject(heartbeat.node))
    heartbeats.push(heartbeat)
  })
})
afterEach(() => fleet.stop())

const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)
const start = async (script: Script = {}, options: Partial<SimulatedOptions> = {}): Promise<void> => {
  const { bus, log, desired } = store
  fleet = startSimulatedAgents(
    { bus, reports: log, desired, clock, random: seededRandom(3), logger: silentLogger },
    { count: 1, scripts: () => script, tickMs: 1, ...options },
  )
  await pass(100)
}
const grant = (seq: number, over: Partial<DesiredExecution> = {}): DesiredExecution => {
  const content = 'c'.repeat(64) as DesiredExecution['content']
  return entryFor({ storeContent: () => content }, seq, sh(''), { health, ...over })
}
const write = async (seq: number, ...executions: DesiredExecution[]): Promise<void> => {
  const before = await store.desired.get(A)
  const body = new TextEncoder().encode(JSON.stringify({ ...documentOf(seq, ...executions), node: A }))
  await store.desired.put(A, body, before?.revision ?? 0)
}
const commits = async (): Promise<Commit<ReportEvent>[]> => {
  const all: Commit<ReportEvent>[] = []
  for await (const { data } of store.log.read(reportSubject(A)))
    all.push(JSON.parse(new TextDecoder().decode(data)) as Commit<ReportEvent>)
  return all
}
const states = async ({ execution }: DesiredExecution): Promise<string[]> =>
  (await commits())
    .flatMap(({ ev }) => ev)
    .flatMap((event) => (event.type === 'ExecutionReported' && event.execution === execution ? [event.state] : []))
/** Every window that any heartbeat showed, in order. */
const windows = (): WindowEnd[] => {
  const byNumber = new Map<number, WindowEnd>()
  for (const { ex } of heartbeats) for (const end of ex[0]?.w ?? []) byNumber.set(end[0], end)
  return [...byNumber.values()].toSorted(([a], [b]) => a - b)
}
/** What happened inside each window: messages, failed ones, the mark. */
const inside = (): (readonly [number, number, string])[] =>
  windows().map(([, total, failed, mark], index, all) => {
    const [, totalBefore, failedBefore] = all[index - 1] ?? [0, 0, 0, '']
    return [total - totalBefore, failed - failedBefore, mark]
  })

describe('a script', () => {
  it('puts bursts of errors into the windows that it names, and into no others', async () => {
    await start({ inPerSecond: 10, stages: onlyInWindows([2, 3, 5], { failedPerSecond: 8 }) })
    await write(5, grant(5))
    await pass(6_500)
    expect(inside().map(([, failed]) => failed)).toEqual([0, 8, 8, 0, 8, 0])
    expect(inside().map(([total]) => total)).toEqual([10, 10, 10, 10, 10, 10])
  })
  it('is noisy or cut off from its input at first, and recovers', async () => {
    await start({ stages: untilWindow(3, { failedPerSecond: 5, disturbed: 'i' }) })
    await write(5, grant(5))
    await pass(5_500)
    expect(inside()).toEqual([
      [10, 5, 'i'],
      [10, 5, 'i'],
      [10, 5, 'i'],
      [10, 0, ''],
      [10, 0, ''],
    ])
  })
  it('crashes, restarts after a back-off and stays after the last crash, telling that sparingly', async () => {
    await start({ crashes: { afterMs: 450, times: 2 } })
    const one = grant(5)
    await write(5, one)
    await pass(6_500)
    // Attempts from 0 to 0.45 s, from 1.45 to 1.9 s, and from 3.9 s on.
    expect(inside()).toEqual([
      [4, 0, 'r'],
      [5, 0, 'r'],
      [0, 0, 'r'],
      [1, 0, ''],
      [10, 0, ''],
      [10, 0, ''],
    ])
    expect(heartbeats.at(-1)?.ex[0]).toMatchObject({ st: 'running', rs: 2, in: expect.any(Number) })
    expect(await states(one)).toEqual(['starting', 'running', 'degraded', 'running'])
    await pass(MINUTE)
    expect((await commits()).at(-1)?.ev.at(-1)).toMatchObject({ state: 'running', attempt: 3, replaces: 2 })
  })
  it('fetches for a while before it starts, or never starts, and leaves what runs alone until then', async () => {
    const script: { now: Script } = { now: {} }
    await start({}, { scripts: () => script.now })
    const old = grant(5)
    await write(5, old)
    await pass(100)
    script.now = { announcesInMs: Infinity }
    const never = grant(9)
    await write(9, never)
    await pass(5 * MINUTE)
    expect(heartbeats.at(-1)).toMatchObject({ gen: [0, 9], ex: [{ x: old.execution, st: 'running' }] })
    expect(await states(never)).toEqual([])
    script.now = { announcesInMs: 3_000 }
    const late = grant(12)
    await write(12, late)
    await pass(2_900)
    expect(await states(late)).toEqual([])
    await pass(200)
    expect(await states(late)).toEqual(['starting', 'running'])
    expect(await states(old)).toEqual(['starting', 'running', 'stopped'])
  })
  it('silences its node after `starting`, for a while: what runs there runs on and is told later', async () => {
    await start({ silencesNode: { forMs: 10_000 } })
    const one = grant(5)
    await write(5, one)
    await pass(9_000)
    expect(await states(one)).toEqual(['starting'])
    expect(heartbeats.at(-1)?.ex).toEqual([])
    await pass(2_500)
    expect(await states(one)).toEqual(['starting', 'running'])
    expect(windows().map(([n]) => n)).toContain(8)
  })
})

describe('a test', () => {
  it('makes everything on a node fail for a while', async () => {
    await start()
    await write(5, grant(5))
    await pass(2_000)
    fleet.behave(A, { failedPerSecond: 10 })
    await pass(2_000)
    fleet.behave(A, undefined)
    await pass(2_500)
    expect(inside().reduce((sum, [, failed]) => sum + failed, 0)).toBe(20)
    expect(inside().at(-1)?.[1]).toBe(0)
  })
})

describe('a heartbeat', () => {
  it('comes when a window ends, and otherwise once in its round', async () => {
    await start({}, { count: 20, heartbeatMs: 10_000, tickMs: 50 })
    await pass(100_000)
    expect(heartbeats.length).toBeGreaterThanOrEqual(200)
    expect(heartbeats.length).toBeLessThanOrEqual(240)
    heartbeats.length = 0
    const long = { ...health, intervalMs: 10_000, deadlineMs: 600_000 }
    const one = grant(5, { health: long })
    await write(5, one)
    await pass(35_000)
    const own = heartbeats.filter(({ node }) => node === A)
    const begun = (await commits()).flatMap(({ ev }) => ev).find((event) => event.type === 'ExecutionReported')
    const startedAt = begun?.type === 'ExecutionReported' ? begun.at : 0
    for (const k of [1, 2, 3]) {
      const shown = own.find(({ ex }) => ex[0]?.w?.some(([n]) => n === k))
      expect((shown?.at ?? Infinity) - startedAt - k * 10_000).toBeLessThanOrEqual(50)
    }
    expect(own.length).toBeLessThanOrEqual(8)
  })
  it('is as short as the script says, and as rare while nothing is due', async () => {
    await start({}, { heartbeatMs: 60_000 })
    const armed = clock.armed
    await pass(10 * MINUTE)
    expect(heartbeats.length).toBeLessThanOrEqual(12)
    expect(clock.armed).toBeLessThanOrEqual(armed + 2)
  })
})

describe('a second boot', () => {
  const announced = async (): Promise<ReportEvent | undefined> => (await commits()).at(-1)?.ev[0]

  it('with its journal tells what it knows and goes on counting', async () => {
    await start()
    const one = grant(5)
    await write(5, one)
    await pass(2_500)
    const before = fleet.nodes.get(A)
    const [boot, journal, j] = [before?.boot, before?.journal, before?.j]
    fleet.reboot(A, { journal: 'kept' })
    await pass(500)
    const commit = (await commits()).at(-1)
    expect(commit).toMatchObject({ v: 1, ev: [{ type: 'NodeAnnounced', journal, j }] })
    expect(commit?.ev[0]).toMatchObject({ executions: [{ execution: one.execution, state: 'running' }] })
    expect(commit?.cmd.startsWith(String(boot))).toBe(false)
    await pass(3_000)
    expect(windows().map(([n]) => n)).toEqual([1, 2, 3, 4, 5, 6].slice(0, windows().length))
    await write(8)
    await pass(100)
    expect((await commits()).at(-1)).toMatchObject({ v: 2, ev: [{ journal, j: (j ?? 0) + 1, state: 'stopped' }] })
  })
  it('without it begins a new one, knows its tasks again, and reads its document', async () => {
    await start()
    const one = grant(5)
    await write(5, one)
    await pass(2_500)
    const journal = fleet.nodes.get(A)?.journal
    fleet.reboot(A, { journal: 'lost' })
    expect(fleet.nodes.get(A)?.journal).not.toBe(journal)
    await pass(500)
    expect(await announced()).toMatchObject({ j: 1, executions: [{ execution: one.execution, state: 'running' }] })
    expect(heartbeats.at(-1)).toMatchObject({ gen: [0, 5], ex: [{ st: 'running', rs: 0 }] })
    expect(await states(one)).toEqual(['starting', 'running'])
  })
  it('of a new disk knows nothing and starts again what it is told', async () => {
    await start()
    const one = grant(5)
    await write(5, one)
    await pass(2_500)
    fleet.reboot(A, { journal: 'lost', tasks: 'lost', labels: { 'dunlin.io/site': 'b' } })
    await pass(500)
    expect(await states(one)).toEqual(['starting', 'running', 'starting', 'running'])
    const all = (await commits()).flatMap(({ ev }) => ev).filter(({ type }) => type === 'NodeAnnounced')
    expect(all.at(-1)).toMatchObject({ executions: [], j: 0, labels: { 'dunlin.io/site': 'b' } })
  })
  it('of the host restarts its tasks', async () => {
    await start()
    const one = grant(5)
    await write(5, one)
    await pass(2_500)
    fleet.reboot(A, { journal: 'kept', tasks: 'killed' })
    await pass(3_000)
    expect(heartbeats.at(-1)?.ex[0]).toMatchObject({ st: 'running', rs: 1 })
    expect(windows().find(([n]) => n === 3)?.[3]).toBe('r')
    expect((await states(one)).at(-1)).toBe('running')
  })
  it('of a silent node is announced when it is heard again', async () => {
    await start()
    fleet.silence(A, true)
    fleet.reboot(A, { journal: 'kept' })
    await pass(MINUTE)
    expect(await commits()).toHaveLength(1)
    fleet.silence(A, false)
    await pass(100)
    expect(await commits()).toHaveLength(2)
    expect(heartbeats.at(-1)?.boot).toBe(fleet.nodes.get(A)?.boot)
  })
})

describe('a document', () => {
  it('that is no longer fresh activates nothing: a node that comes back after days reads it again first', async () => {
    await start()
    const old = grant(5)
    await write(5, old)
    await pass(100)
    // `starting` of the next is under way when the node falls silent, and its grant is revoked while it is away.
    store.faults.log.refuseAppends('log_full')
    const next = grant(9)
    await write(9, next)
    await pass(10)
    fleet.silence(A, true)
    store.faults.log.refuseAppends(undefined)
    await pass(30 * MINUTE)
    await write(12, old)
    fleet.silence(A, false)
    await pass(5_000)
    expect(await states(next)).not.toContain('running')
    expect(await states(old)).toEqual(['starting', 'running'])
    expect(heartbeats.at(-1)).toMatchObject({ gen: [0, 12], ex: [{ x: old.execution, st: 'running' }] })
  })
})

describe('a bus that was dead', () => {
  it('has every agent read its document when it is live again', async () => {
    await start()
    store.faults.bus.setLive(false)
    const one = grant(5)
    await write(5, one)
    await pass(MINUTE)
    expect(await states(one)).toEqual([])
    store.faults.bus.setLive(true)
    await pass(100)
    expect(await states(one)).toEqual(['starting', 'running'])
  })
})

describe('a log that lost what it had acknowledged', () => {
  it('is told everything again with the next report', async () => {
    await start()
    const one = grant(5)
    await write(5, one)
    await pass(100)
    const kept = (await store.log.info()).lastSeq - 2
    store.faults.log.rewindTo(kept)
    await write(8)
    await pass(5_000)
    const last = (await commits()).at(-1)
    expect(last?.ev[0]).toMatchObject({
      type: 'NodeAnnounced',
      executions: [{ execution: one.execution, state: 'stopped' }],
    })
    expect(last?.v).toBe(2)
  })
})
