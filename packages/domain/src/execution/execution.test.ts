import type { ExecutionId, JournalId, NodeAnnounced, ReportEvent, Transition } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { reportsFromJson, reportsToJson } from './codec.ts'
import { observe } from './observe.ts'
import { ENDED_KEPT } from './limits.ts'
import { foldReportCommit, noReports, type NodeReports } from './state.ts'

const J1 = '01J0000000000000000000000A' as JournalId
const X1 = '01J0000000000000000000000X' as ExecutionId
const said = (state: Transition['state'], execution = X1): Transition => ({
  execution,
  job: { namespace: 'default', name: 'a' },
  generation: [0, 5],
  content: 'c'.repeat(64) as Transition['content'],
  state,
  attempt: 1,
  at: 1,
})
const report = (j: number, transition: Transition): ReportEvent => ({
  type: 'ExecutionReported',
  journal: J1,
  j,
  ...transition,
})
const announced = (j: number, executions: Transition[]): NodeAnnounced => ({
  type: 'NodeAnnounced',
  boot: '01J0000000000000000000000B' as NodeAnnounced['boot'],
  protocol: [1, 1],
  agentVersion: '0.1.0',
  labels: {},
  drivers: ['process'],
  resources: { cpus: 1, memoryBytes: 1 },
  journal: J1,
  j,
  executions,
})
const fold = (reports: NodeReports, events: ReportEvent[], seq = 1): NodeReports =>
  foldReportCommit(reports, { s: 1, v: seq, cmd: `b/${seq}`, by: 'node:a', at: 1, ev: events }, seq)

describe('reports', () => {
  it('counts a transition once, however often it is told', () => {
    const reports = fold(noReports(), [
      report(1, said('starting')),
      report(2, said('running')),
      report(1, said('starting')),
    ])
    expect(reports.executions.get(X1)?.state).toBe('running')
  })
  it('changes nothing when any event of the commit is misshapen', () => {
    const reports = fold(noReports(), [report(1, said('starting'))])
    const before = structuredClone(reports)
    const bad = { ...report(3, said('running')), attempt: 'one' } as unknown as ReportEvent
    expect(() => fold(reports, [report(2, said('running')), bad], 9)).toThrow('attempt')
    expect(reports).toEqual(before)
  })
  it('accepts any forward jump', () =>
    expect(fold(noReports(), [report(4, said('completed'))]).executions.get(X1)?.state).toBe('completed'))
  it('an announcement is the checkpoint of the subject', () => {
    const reports = fold(fold(noReports(), [report(1, said('running'))]), [announced(7, [])], 2)
    expect(reports.executions.size).toBe(0)
    expect(fold(reports, [report(7, said('running'))], 3).executions.size).toBe(0)
    expect(fold(reports, [report(8, said('running'))], 4).executions.size).toBe(1)
  })
  it('forgets the oldest endings, never what runs', () => {
    const reports = noReports()
    fold(reports, [report(1, said('running'))])
    for (let n = 2; n < 400; n += 1)
      fold(reports, [report(n, said('stopped', `01J${String(n).padStart(23, '0')}` as ExecutionId))], n)
    expect(reports.executions.get(X1)?.state).toBe('running')
    expect(reports.executions.size).toBeLessThanOrEqual(ENDED_KEPT * 2)
  })
})

test.prop([
  fc.array(
    fc.tuple(
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom('starting' as const, 'running' as const, 'stopped' as const),
    ),
    { maxLength: 30 },
  ),
])('repeats change nothing, and the snapshot is the state', (told) => {
  const once = noReports()
  const twice = noReports()
  for (const [j, state] of told) {
    fold(once, [report(j, said(state))])
    fold(twice, [report(j, said(state)), report(j, said('failed'))])
  }
  expect(twice).toEqual(once)
  expect(reportsFromJson(JSON.parse(JSON.stringify(reportsToJson(once))))).toEqual(once)
})

describe('observed', () => {
  const grant = {
    execution: X1,
    rollout: X1 as never,
    version: 1,
    content: '' as never,
    epoch: 0,
    seq: 5,
    at: 1,
    wave: 0,
  }
  const healthy = { ...grant, verdict: { is: 'healthy' as const, reason: 'x', at: 9, window: 2, evidence: [] } }
  const up = { is: 'connected' as const, since: 1, boot: '' as never }
  it('pending before the first report', () => expect(observe(grant, undefined, up).state).toBe('pending'))
  it('validating until the verdict', () => expect(observe(grant, said('running'), up).state).toBe('validating'))
  it('running and stable afterwards', () =>
    expect(observe(healthy, said('running'), up)).toEqual({ state: 'running', stale: false, stableAt: 9 }))
  it('as last reported, marked stale, while disconnected', () =>
    expect(
      observe(healthy, said('running'), { is: 'disconnected', since: 1, lastHeardAt: 1, reason: 'silent' }),
    ).toMatchObject({ state: 'running', stale: true }))
  it('lost with its node, unless it had ended', () => {
    expect(observe(healthy, said('running'), { is: 'lost', since: 1, lastHeardAt: 1 }).state).toBe('lost')
    expect(observe(healthy, said('completed'), { is: 'lost', since: 1, lastHeardAt: 1 }).state).toBe('completed')
  })
})
