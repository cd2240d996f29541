import type { ExecutionId, Heartbeat, NodeId, RolloutId, Sha256, WindowEnd } from '@dunlin/contracts'
import { noJob, noReports, type Connection, type Grant, type Job, type NodeReports } from '@dunlin/domain'
import { createMemoryStore } from '@dunlin/eventstore/memory'
import { heartbeatSubject, rpcSubject } from '@dunlin/nats'
import { createVirtualClock } from '@dunlin/testkit'
import { describe, expect, it } from 'vitest'
import { createHealthJudge } from './judge.ts'
import { createValidatingTable } from './validating.ts'

const N1 = 'n1' as NodeId
const X1 = '01J0000000000000000000000X' as ExecutionId
const BOOT = '01J0000000000000000000000B' as Heartbeat['boot']
const ROLLOUT = '01J0000000000000000000000R' as RolloutId
const health = { intervalMs: 1000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 2, deadlineMs: 10_000 }

const grantOf = (execution: ExecutionId): Grant => ({
  execution,
  rollout: ROLLOUT,
  version: 1,
  content: 'c'.repeat(64) as Sha256,
  epoch: 0,
  seq: 7,
  at: 1,
  wave: 0,
})
const jobWithGrant = (): Job => {
  const job = noJob()
  job.rollouts.current = {
    id: ROLLOUT,
    policy: { health },
    phase: 'running',
    holds: {},
    slots: new Map([[N1, 'open']]),
  } as unknown as NonNullable<Job['rollouts']['current']>
  job.rollouts.grants.set(N1, grantOf(X1))
  return job
}
const connected: Connection = { is: 'connected', since: 0, boot: BOOT }
const silentSince = (since: number): Connection => ({ is: 'disconnected', since, lastHeardAt: since, reason: 'silent' })

const setUp = (others: readonly string[] = []) => {
  const clock = createVirtualClock(0)
  const { bus, faults } = createMemoryStore({ clock })
  const validating = createValidatingTable(() => clock.monotonicMs())
  const reports: NodeReports = noReports()
  const connections = new Map<NodeId, Connection>([N1, ...others].map((id) => [id as NodeId, connected]))
  const job = jobWithGrant()
  const seen: string[] = []
  const judge = createHealthJudge({
    bus,
    clock,
    validating,
    onVerdict: () => {},
    onSight: (key) => seen.push(key),
    onUnread: (node) => seen.push(`unread ${node}`),
    view: {
      node: (id) => ({
        admission: 'admitted',
        admittedAt: 0,
        labels: {},
        identity: undefined,
        revokedKeys: [],
        scheduling: { is: 'open' },
        connection: connections.get(id) ?? { is: 'never' },
      }),
      reports: () => reports,
      nodes: () => connections.keys(),
      // Nodes are named <site>-<n>; n1 stands alone.
      labelOf: (node) => (node.includes('-') ? node.split('-')[0] : undefined),
      job: () => job,
    },
  })
  validating.sync('default/a', job)
  let n = 0
  const beat = async (w: WindowEnd[], more: Partial<Heartbeat> = {}, g: [number, number] = [0, 7]): Promise<void> => {
    const heartbeat: Heartbeat = {
      s: 1,
      node: N1,
      boot: BOOT,
      n: (n += 1),
      at: 0,
      gen: [0, 7],
      rep: 0,
      ex: [{ x: X1, g, st: 'running', in: 0, er: 0, rs: 0, w }],
      ...more,
    }
    bus.publish(heartbeatSubject(N1), new TextEncoder().encode(JSON.stringify(heartbeat)))
    await clock.run(clock.monotonicMs() + 10)
  }
  const verdict = () => judge.pending.get('default/a')?.get(N1)
  /** Lets time pass in ticks of a second, as the engine does. */
  const pass = async (seconds: number, each: () => Promise<void> | void = () => {}): Promise<void> => {
    for (let t = 0; t < seconds; t += 1) {
      await each()
      await clock.run(clock.monotonicMs() + 1_000)
      judge.tick()
    }
  }
  return { clock, bus, faults, validating, reports, judge, job, connections, seen, beat, verdict, pass }
}

describe('the health judge', () => {
  it('reaches a verdict from windows, with its evidence', async () => {
    const { beat, verdict } = setUp()
    await beat([[1, 10, 0, '']])
    expect(verdict()).toBeUndefined()
    await beat([
      [1, 10, 0, ''],
      [2, 20, 1, ''],
    ])
    expect(verdict()).toMatchObject({
      verdict: 'healthy',
      window: 2,
      evidence: [{ n: 1 }, { n: 2, in: 10, failed: 1 }],
    })
  })
  it('asks the node for windows that it missed', async () => {
    const { bus, beat, verdict } = setUp()
    const all: WindowEnd[] = [
      [1, 10, 9, ''],
      [2, 20, 18, ''],
      [3, 30, 18, ''],
    ]
    bus.subscribe(rpcSubject(N1, 'windows'), (question) => {
      question.respond(new TextEncoder().encode(JSON.stringify({ executions: [{ x: X1, w: all }] })))
    })
    await beat(all.slice(2))
    expect(verdict()).toMatchObject({ verdict: 'failed', window: 2 })
  })
  it('judges what it has when the node does not answer', async () => {
    const { clock, beat, verdict } = setUp()
    await beat([[3, 30, 0, '']])
    await clock.run(clock.monotonicMs() + 3_000)
    await beat([
      [3, 30, 0, ''],
      [4, 40, 0, ''],
      [5, 50, 0, ''],
    ])
    expect(verdict()).toMatchObject({ verdict: 'healthy', window: 5 })
  })
  it('takes no word of another grant, of another node, or of what it cannot read', async () => {
    const { bus, beat, verdict, judge } = setUp()
    const bad: WindowEnd[] = [
      [1, 10, 10, ''],
      [2, 20, 20, ''],
    ]
    await beat(bad, {}, [0, 6])
    await beat(bad, { node: 'n2' as NodeId })
    bus.publish(heartbeatSubject(N1), new TextEncoder().encode('{"s":1'))
    await beat([])
    expect(verdict()).toBeUndefined()
    expect(judge.refused()).toBe(3)
  })
  it('judges an execution that ended by its ending', () => {
    const { reports, judge, verdict } = setUp()
    reports.executions.set(X1, { state: 'failed' } as never)
    judge.onReport(N1)
    expect(verdict()).toMatchObject({ verdict: 'failed', reason: 'execution_failed' })
  })
  it('fails at the deadline who was heard and never became healthy', async () => {
    const { clock, reports, judge, beat, verdict } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    for (let t = 1; t <= 11; t += 1) {
      await beat([[1, 10, 9, '']])
      await clock.run(clock.monotonicMs() + 1_000)
      judge.tick()
    }
    expect(verdict()).toMatchObject({ verdict: 'failed', reason: 'deadline' })
  })
  it('lets no deadline run while it is deaf, or for a node that is not heard', async () => {
    const { reports, faults, beat, verdict, pass } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    await beat([[1, 10, 9, '']])
    faults.bus.setLive(false)
    await pass(60)
    faults.bus.setLive(true)
    await pass(60)
    expect(verdict()).toBeUndefined()
  })
  it('lets no deadline run while the rollout is held', async () => {
    const { job, reports, beat, verdict, pass } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    if (job.rollouts.current) job.rollouts.current.heldSince = 1
    await pass(60, () => beat([[1, 10, 9, '']]))
    expect(verdict()).toBeUndefined()
    delete job.rollouts.current?.heldSince
    await pass(12, () => beat([[1, 10, 9, '']]))
    expect(verdict()).toMatchObject({ reason: 'deadline' })
  })
  it('counts a pause of its own process for nobody', async () => {
    const { clock, judge, reports, beat, verdict } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    await beat([[1, 10, 9, '']])
    judge.tick()
    await clock.run(clock.monotonicMs() + 3_600_000)
    await beat([[1, 10, 9, '']])
    judge.tick()
    expect(verdict()).toBeUndefined()
  })
  it('holds at a deadline that passed without one window, fails nobody, and sees again with the first window', async () => {
    const { reports, judge, seen, beat, verdict, pass } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    await pass(31, () => beat([]))
    expect(verdict()).toBeUndefined()
    expect(judge.sight('default/a')).toMatchObject({ reason: 'windows_unknown' })
    expect(seen).toEqual(['default/a'])
    await pass(2, () => beat([[1, 10, 9, '']]))
    expect(judge.sight('default/a')).toBe('clear')
  })
  it('fails who has read its grant and never starts; who has not read it waits', async () => {
    const { beat, verdict, pass } = setUp()
    await pass(20, () => beat([], { gen: [0, 6], ex: [] }))
    expect(verdict()).toBeUndefined()
    await pass(12, () => beat([], { ex: [] }))
    expect(verdict()).toMatchObject({ verdict: 'failed', reason: 'not_started' })
  })
  it('takes back that a node never started when its report comes before the verdict is recorded', async () => {
    const { reports, judge, beat, verdict, pass } = setUp()
    await pass(12, () => beat([], { ex: [] }))
    expect(verdict()).toMatchObject({ reason: 'not_started' })
    reports.executions.set(X1, { state: 'running' } as never)
    judge.onReport(N1)
    expect(verdict()).toBeUndefined()
    await beat([
      [1, 10, 0, ''],
      [2, 20, 0, ''],
    ])
    expect(verdict()).toMatchObject({ verdict: 'healthy' })
  })
  it('tells the recovery of a node that had failed, and nothing else of it', async () => {
    const { job, validating, beat, verdict, judge } = setUp()
    await beat([
      [1, 10, 9, ''],
      [2, 20, 18, ''],
    ])
    const failed = verdict()
    expect(failed).toMatchObject({ verdict: 'failed' })
    const grant = job.rollouts.grants.get(N1)
    if (grant) grant.verdict = { is: 'failed', reason: 'failure_threshold', at: 1, window: 2, evidence: [] }
    judge.pending.clear()
    validating.sync('default/a', job, [N1])
    await beat([
      [2, 20, 18, ''],
      [3, 30, 27, ''],
      [4, 40, 36, ''],
    ])
    expect(verdict()).toBeUndefined()
    await beat([
      [4, 40, 36, ''],
      [5, 50, 36, ''],
      [6, 60, 36, ''],
    ])
    expect(verdict()).toMatchObject({ verdict: 'healthy', reason: 'recovered', window: 6 })
  })
  it('sees a failed execution end well, which no window has to prove', async () => {
    const { beat, verdict, job, validating, judge, reports } = setUp()
    await beat([
      [1, 10, 9, ''],
      [2, 20, 18, ''],
    ])
    const grant = job.rollouts.grants.get(N1)
    if (grant) grant.verdict = { is: 'failed', reason: 'failure_threshold', at: 1, window: 2, evidence: [] }
    judge.pending.clear()
    validating.sync('default/a', job, [N1])
    await beat([
      [2, 20, 18, ''],
      [3, 30, 27, ''],
      [4, 40, 36, ''],
      [5, 50, 45, ''],
    ])
    reports.executions.set(X1, { state: 'completed' } as never)
    judge.onReport(N1)
    expect(verdict()).toMatchObject({ verdict: 'healthy', reason: 'completed', evidence: [] })
  })
})

describe('a node that beats and does not read its document', () => {
  const old = { gen: [0, 6] as [number, number], ex: [] }
  it('is known after a quarter of an hour, and judged by nothing', async () => {
    const { beat, pass, judge, verdict, seen } = setUp()
    await pass(890, () => beat([], old))
    expect([judge.isUnread(N1), seen]).toEqual([false, []])
    await pass(20, () => beat([], old))
    expect([judge.isUnread(N1), seen[0], verdict()]).toEqual([true, `unread ${N1}`, undefined])
  })
  it('is known to read again by its next heartbeat, also when nothing of it validates any more', async () => {
    const { beat, pass, judge, job, validating, seen } = setUp()
    await pass(920, () => beat([], old))
    job.rollouts.grants.delete(N1)
    validating.sync('default/a', job, [N1])
    seen.length = 0
    await beat([], old)
    expect(judge.isUnread(N1)).toBe(true)
    await beat([], { gen: [0, 9], ex: [] })
    expect([judge.isUnread(N1), seen]).toEqual([false, [`unread ${N1}`]])
  })
  it('is not taken for one while it is not heard, the rollout is held, or the judge is deaf', async () => {
    const { beat, pass, judge, job, faults } = setUp()
    await pass(1_000)
    if (job.rollouts.current) job.rollouts.current.heldSince = 1
    await pass(1_000, () => beat([], old))
    delete job.rollouts.current?.heldSince
    faults.bus.setLive(false)
    await pass(1_000, () => beat([], old))
    expect(judge.isUnread(N1)).toBe(false)
  })
})

describe('a node that falls silent after it started', () => {
  const start = (others: readonly string[]) => {
    const all = setUp(others)
    all.reports.executions.set(X1, { state: 'running' } as never)
    return all
  }
  it('is lost after three windows when the others of its site are heard', async () => {
    const { connections, verdict, pass } = start(['n2', 'n3'])
    connections.set(N1, silentSince(5))
    await pass(3)
    expect(verdict()).toBeUndefined()
    await pass(2)
    expect(verdict()).toMatchObject({ verdict: 'failed', reason: 'lost_after' })
  })
  it('is met from the moment on at which the log says so, however long it was heard before', async () => {
    const { connections, judge, verdict, pass } = start(['n2'])
    await pass(8)
    connections.set(N1, silentSince(5))
    judge.onConnection(N1)
    await pass(3)
    expect(verdict()).toBeUndefined()
    await pass(1)
    expect(verdict()).toMatchObject({ reason: 'lost_after' })
  })
  it('is not lost when it comes back in time', async () => {
    const { connections, verdict, pass } = start(['n2'])
    connections.set(N1, silentSince(5))
    await pass(2)
    connections.set(N1, connected)
    await pass(10)
    expect(verdict()).toBeUndefined()
  })
  it('is no failure while its whole site is silent: the judge says that it cannot see', async () => {
    const { connections, judge, verdict, pass } = start(['n2', 'n3', 'n4', 'far-1'])
    for (const id of ['n1', 'n2', 'n3']) connections.set(id as NodeId, silentSince(5))
    await pass(40)
    expect(verdict()).toBeUndefined()
    expect(judge.sight('default/a')).toMatchObject({ reason: 'site_silent' })
    // The site is back, the node is not: now it is lost.
    for (const id of ['n2', 'n3']) connections.set(id as NodeId, connected)
    await pass(2)
    expect(verdict()).toMatchObject({ reason: 'lost_after' })
    expect(judge.sight('default/a')).toBe('clear')
  })
  it('is lost when the silent others were away before it was granted', async () => {
    const { connections, verdict, pass } = start(['n2', 'n3'])
    connections.set(N1, silentSince(5))
    for (const id of ['n2', 'n3']) connections.set(id as NodeId, silentSince(0))
    await pass(5)
    expect(verdict()).toMatchObject({ reason: 'lost_after' })
  })
  it('is lost for good after its lost timer, whatever its site does', async () => {
    const { connections, verdict, pass } = start(['n2'])
    connections.set(N1, { is: 'lost', since: 5, lastHeardAt: 1 })
    connections.set('n2' as NodeId, silentSince(5))
    await pass(5)
    expect(verdict()).toMatchObject({ reason: 'lost_after' })
  })
  it('is judged by nobody who has just started, or was deaf', async () => {
    const { connections, faults, judge, verdict, pass } = start(['n2'])
    expect(judge.sight('default/a')).toBe('unknown')
    connections.set(N1, silentSince(5))
    await pass(2)
    faults.bus.setLive(false)
    await pass(30)
    faults.bus.setLive(true)
    await pass(2)
    expect(verdict()).toBeUndefined()
    expect(judge.sight('default/a')).toBe('unknown')
    await pass(3)
    expect(verdict()).toMatchObject({ reason: 'lost_after' })
  })
})
