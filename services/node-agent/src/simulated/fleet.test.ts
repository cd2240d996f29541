/** Simulated agents on the memory store: the protocol that they speak is the real one. */
import type { Commit, DesiredExecution, Heartbeat, NodeId, ReportEvent } from '@dunlin/contracts/agent'
import { createMemoryStore, type MemoryStore } from '@dunlin/eventstore/memory'
import { doorbellSubject, reportSubject } from '@dunlin/nats/agent'
import { seededRandom, silentLogger, systemClock } from '@dunlin/runtime/agent'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { documentOf, entryFor, sh } from '../testing/node.ts'
import { startSimulatedAgents, type SimulatedFleet, type SimulatedOptions } from './fleet.ts'

let store: MemoryStore
let heartbeats: Heartbeat[]
let fleet: SimulatedFleet

beforeEach(() => {
  store = createMemoryStore({ doorbell: doorbellSubject })
  heartbeats = []
  store.bus.subscribe('hb.>', ({ data }) => heartbeats.push(JSON.parse(new TextDecoder().decode(data)) as Heartbeat))
})
afterEach(() => fleet.stop())

const start = async (options: Partial<SimulatedOptions> = {}): Promise<void> => {
  const { bus, log, desired } = store
  const ports = { bus, reports: log, desired, clock: systemClock, random: seededRandom(3), logger: silentLogger }
  fleet = startSimulatedAgents(ports, { count: 3, heartbeatMs: 100, tickMs: 10, ...options })
  await fleet.announced
}

const A = 'sim-000000' as NodeId
const B = 'sim-000001' as NodeId

const grant = (seq: number, over: Partial<DesiredExecution> = {}): DesiredExecution =>
  entryFor({ storeContent: () => 'c'.repeat(64) as DesiredExecution['content'] }, seq, sh(''), over)

const write = async (node: NodeId, seq: number, ...executions: DesiredExecution[]): Promise<void> => {
  const before = await store.desired.get(node)
  const body = new TextEncoder().encode(JSON.stringify({ ...documentOf(seq, ...executions), node }))
  await store.desired.put(node, body, before?.revision ?? 0)
}

const reports = async (node: NodeId): Promise<Commit<ReportEvent>[]> => {
  const commits: Commit<ReportEvent>[] = []
  for await (const { data } of store.log.read(reportSubject(node)))
    commits.push(JSON.parse(new TextDecoder().decode(data)) as Commit<ReportEvent>)
  return commits
}

const story = async (node: NodeId): Promise<string[]> =>
  (await reports(node))
    .flatMap(({ ev }) => ev)
    .map((event) => (event.type === 'NodeAnnounced' ? 'announced' : `${event.execution}:${event.state}`))

const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: 25_000, interval: 10 })

describe('simulated agents', () => {
  it('announce themselves, run what their documents say and count versions without a gap', async () => {
    await start()
    const one = grant(5)
    await write(A, 5, one)
    await eventually(() => expect(fleet.counts()).toEqual({ running: 1 }))
    await eventually(async () =>
      expect(await story(A)).toEqual(['announced', `${one.execution}:starting`, `${one.execution}:running`]),
    )
    const commits = await reports(A)
    expect(commits.map(({ v }) => v)).toEqual([1, 2, 3])
    const [first, ...later] = commits.flatMap(({ ev }) => ev)
    expect(later.map((event) => event.j)).toEqual([1, 2])
    expect(first).toMatchObject({ type: 'NodeAnnounced', j: 0 })
    expect(await story(B)).toEqual(['announced'])
  })

  it('read what was written before they started', async () => {
    const one = grant(5)
    await write(B, 5, one)
    await start()
    await eventually(() => expect(fleet.counts()).toEqual({ running: 1 }))
  })

  it('stop the old execution before the new one runs, and ignore older documents', async () => {
    await start()
    const old = grant(5)
    const next = grant(9)
    await write(A, 5, old)
    await eventually(() => expect(fleet.counts()).toEqual({ running: 1 }))
    await write(A, 9, next)
    await eventually(async () => expect((await story(A)).at(-1)).toBe(`${next.execution}:running`))
    expect((await story(A)).slice(3)).toEqual([
      `${next.execution}:starting`,
      `${old.execution}:stopped`,
      `${next.execution}:running`,
    ])
    store.bus.publish(doorbellSubject(A), new TextEncoder().encode(JSON.stringify({ ...documentOf(7), node: A })))
    await write(A, 12)
    await eventually(async () => expect((await story(A)).at(-1)).toBe(`${next.execution}:stopped`))
  })

  it('beat with windows whose counters follow the script', async () => {
    await start({ scripts: ({ node }) => (node === A ? { inPerSecond: 1_000, failedPerSecond: 500 } : {}) })
    const health = { intervalMs: 50, maxErrorRate: 0.05, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 }
    await write(A, 5, grant(5, { health }))
    await eventually(() => expect(heartbeats.findLast(({ node }) => node === A)?.ex[0]?.w).toHaveLength(6))
    const ends = heartbeats.findLast(({ node }) => node === A)?.ex[0]?.w ?? []
    const [, firstIn = 0, firstFailed = 0] = ends[0] ?? []
    const [, lastIn = 0, lastFailed = 0] = ends.at(-1) ?? []
    expect((lastFailed - firstFailed) / (lastIn - firstIn)).toBeCloseTo(0.5, 1)
    expect(heartbeats.findLast(({ node }) => node === A)).toMatchObject({ gen: [0, 5], rep: expect.any(Number) })
  })

  it('fail, end and fall silent as scripted', async () => {
    await start({
      scripts: ({ node }) =>
        node === A ? { ends: { afterMs: 20, as: 'failed', message: 'broken' } } : { silencesNode: node === B },
    })
    const one = grant(5)
    await write(A, 5, one)
    await eventually(async () => expect((await story(A)).at(-1)).toBe(`${one.execution}:failed`))
    const two = grant(6)
    await write(B, 6, two)
    await eventually(() => expect(fleet.nodes.get(B)?.silent).toBe(true))
    const beats = fleet.nodes.get(B)?.beats
    await eventually(() => expect(heartbeats.filter(({ node }) => node === A).length).toBeGreaterThan(10))
    expect(fleet.nodes.get(B)?.beats).toBe(beats)
    expect((await story(B)).at(-1)).toBe(`${two.execution}:starting`)
  })

  it('find a report whose acknowledgement was lost', async () => {
    await start()
    const { bus, log, desired } = store
    fleet.stop()
    let lose = 2
    const reportsPort: typeof log = {
      ...log,
      append: async (request) => {
        const result = await log.append(request)
        if (lose-- > 0) throw new Error('lost')
        return result
      },
    }
    const ports = {
      bus,
      reports: reportsPort,
      desired,
      clock: systemClock,
      random: seededRandom(9),
      logger: silentLogger,
    }
    fleet = startSimulatedAgents(ports, { count: 1, tickMs: 10, nodeId: () => 'sim-lost' as NodeId })
    await fleet.announced
    await write('sim-lost' as NodeId, 5, grant(5))
    await eventually(() => expect(fleet.counts()).toEqual({ running: 1 }))
    await eventually(async () => expect((await reports('sim-lost' as NodeId)).map(({ v }) => v)).toEqual([1, 2, 3]))
  })

  it('say bye when they leave on purpose', async () => {
    await start()
    fleet.stop(true)
    await eventually(() => expect(heartbeats.filter(({ bye }) => bye)).toHaveLength(3))
  })
})
