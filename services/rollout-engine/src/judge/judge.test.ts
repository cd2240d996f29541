import type { ExecutionId, Heartbeat, NodeId, RolloutId, Sha256, WindowEnd } from '@dunlin/contracts'
import { noJob, noReports, type Job, type NodeReports } from '@dunlin/domain'
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

const jobWithGrant = (): Job => {
  const job = noJob()
  job.rollouts.current = {
    id: ROLLOUT,
    policy: { health },
    phase: 'running',
  } as unknown as NonNullable<Job['rollouts']['current']>
  job.rollouts.grants.set(N1, {
    execution: X1,
    rollout: ROLLOUT,
    version: 1,
    content: 'c'.repeat(64) as Sha256,
    epoch: 0,
    seq: 7,
    at: 1,
    wave: 0,
  })
  return job
}
const setUp = () => {
  const clock = createVirtualClock(0)
  const { bus, faults } = createMemoryStore({ clock })
  const validating = createValidatingTable(() => clock.monotonicMs())
  const reports: NodeReports = noReports()
  const judge = createHealthJudge({
    bus,
    clock,
    validating,
    onVerdict: () => {},
    fleet: {
      node: () => ({
        admission: 'admitted',
        admittedAt: 0,
        labels: {},
        drained: false,
        connection: { is: 'connected', since: 0, boot: BOOT },
      }),
      reports: () => reports,
    },
  })
  validating.sync('default/a', jobWithGrant())
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
  return { clock, bus, faults, validating, reports, judge, beat, verdict }
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
    const { clock, reports, faults, judge, beat, verdict } = setUp()
    reports.executions.set(X1, { state: 'running' } as never)
    await beat([[1, 10, 9, '']])
    faults.bus.setLive(false)
    await clock.run(clock.monotonicMs() + 60_000)
    judge.tick()
    faults.bus.setLive(true)
    await clock.run(clock.monotonicMs() + 60_000)
    judge.tick()
    expect(verdict()).toBeUndefined()
  })
})
