/** A node that writes reports without end, and what is kept of them. */
import type { ExecutionId, JournalId, NodeAnnounced, ReportEvent, Transition } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { reportsFromJson, reportsToJson } from './codec.ts'
import { ENDED_KEPT, MOST_EXECUTIONS, MOST_JOURNALS, MOST_OWN_LABELS } from './limits.ts'
import { countEnded, foldReportCommit, noReports, shrinkReports, type NodeReports } from './state.ts'

const id = (n: number): string => `01J${String(n).padStart(23, '0')}`
const said = (n: number, more: Partial<Transition> = {}): Transition => ({
  execution: id(n) as ExecutionId,
  job: { namespace: 'default', name: 'a' },
  generation: [0, 5],
  content: 'c'.repeat(64) as Transition['content'],
  state: 'running',
  attempt: 1,
  at: 1,
  ...more,
})
const report = (j: number, transition: Transition, journal = id(0)): ReportEvent => ({
  type: 'ExecutionReported',
  journal: journal as JournalId,
  j,
  ...transition,
})
/** Whatever somebody writes there. */
const announced = (more: object = {}): NodeAnnounced => {
  const event: object = {
    type: 'NodeAnnounced',
    boot: id(1),
    protocol: [1, 1],
    agentVersion: '0.1.0',
    labels: {},
    drivers: ['process'],
    resources: { cpus: 1, memoryBytes: 1 },
    journal: id(0),
    j: 0,
    executions: [],
    ...more,
  }
  return event as NodeAnnounced
}
let seq = 0
const fold = (reports: NodeReports, ...ev: ReportEvent[]): NodeReports =>
  foldReportCommit(reports, { s: 1, v: ++seq, cmd: `b/${seq}`, by: 'node:a', at: 1, ev }, seq)

describe('reports without end', () => {
  it('keeps so many executions, counts the rest, and goes on hearing of those that it knows', () => {
    const reports = noReports()
    for (let n = 1; n <= MOST_EXECUTIONS + 500; n += 1) fold(reports, report(n, said(n)))
    expect([reports.executions.size, reports.surplus]).toEqual([
      MOST_EXECUTIONS,
      { executions: 500, journals: 0, labels: 0 },
    ])
    fold(reports, report(100_000, said(7, { state: 'failed' })))
    expect(reports.executions.get(id(7) as ExecutionId)?.state).toBe('failed')
  })
  it('makes room for what runs by what has ended', () => {
    const reports = noReports()
    for (let n = 1; n <= MOST_EXECUTIONS; n += 1)
      fold(reports, report(n, said(n, { state: n % 40 === 0 ? 'stopped' : 'running' })))
    expect(reports.ended).toBeGreaterThan(ENDED_KEPT)
    fold(reports, report(10_000, said(10_000)))
    expect([reports.executions.has(id(10_000) as ExecutionId), reports.surplus]).toEqual([true, undefined])
  })
  it('keeps few journals, and those at hand go on', () => {
    const reports = fold(noReports(), announced())
    for (let n = 1; n <= 1_000; n += 1) fold(reports, report(1, said(1), id(n)))
    expect([reports.journals.size, reports.surplus?.journals]).toEqual([MOST_JOURNALS, 1_001 - MOST_JOURNALS])
    fold(reports, report(9, said(2)))
    expect(reports.executions.has(id(2) as ExecutionId)).toBe(true)
    expect(fold(reports, announced({ journal: id(5_000) })).journals.size).toBe(1)
  })
  it('keeps of very long texts the beginning, and less where there are many', () => {
    const error = { code: 'exited', message: 'm'.repeat(8_000), hint: 'h'.repeat(8_000) }
    const reports = noReports()
    for (let n = 1; n <= 1_000; n += 1) fold(reports, report(n, said(n, { error })))
    expect(reports.executions.get(id(1) as ExecutionId)?.error?.message).toHaveLength(2_000)
    expect(JSON.stringify(reportsToJson(reports)).length).toBeLessThan(1_600_000)
  })
  it('takes nothing over that the schema does not name, however deep it is', () => {
    const deep = JSON.parse(`${'['.repeat(20_000)}${']'.repeat(20_000)}`) as unknown
    const transition = {
      ...said(1),
      job: { namespace: 'a', name: 'b', deep },
      exit: { code: 1, signal: null, deep },
      deep,
    }
    const more = { deep, resources: { cpus: 1, memoryBytes: 1, deep }, problems: [{ code: 'a', message: 'b', deep }] }
    const reports = fold(noReports(), announced({ ...more, executions: [transition] }), report(1, { ...transition }))
    expect(() => JSON.stringify(reportsToJson(reports))).not.toThrow()
    expect(JSON.stringify(reportsToJson(reports))).not.toContain('deep')
  })
  it('believes so many labels, and says how many it does not', () => {
    const labels = Object.fromEntries(Array.from({ length: 1_000 }, (_, n) => [`k${n}`, 'v']))
    const reports = fold(noReports(), announced({ labels }))
    expect(Object.keys(reports.announced?.labels ?? {})).toHaveLength(MOST_OWN_LABELS)
    expect(reports.surplus?.labels).toBe(1_000 - MOST_OWN_LABELS)
    expect(fold(reports, announced()).surplus?.labels).toBe(0)
  })
  it('gives nearly everything back when the node is removed', () => {
    const reports = noReports()
    for (let n = 1; n <= MOST_EXECUTIONS; n += 1) fold(reports, report(n, said(n)))
    shrinkReports(reports)
    expect([reports.executions.size, reports.ended]).toEqual([ENDED_KEPT * 2, 0])
  })
})

describe('absurd numbers and texts', () => {
  it.each<[string, ReportEvent]>([
    ['a year beyond all dates', report(1, said(1, { at: 8_640_000_000_000_001 }))],
    ['an instant before time', report(1, said(1, { at: -1 }))],
    ['a next attempt that no date shows', report(1, said(1, { nextAttemptAt: Number.MAX_SAFE_INTEGER }))],
    ['attempts below none', report(1, said(1, { attempt: -1 }))],
    ['attempts without end', report(1, said(1, { attempt: 1e308 }))],
    ['a number as a text', report(1, said(1, { attempt: 'NaN' as unknown as number }))],
    ['a text of 9,000 letters', report(1, said(1, { error: { code: 'x', message: 'm'.repeat(9_000) } }))],
    ['a name that no subject holds', report(1, said(1, { job: { namespace: 'n'.repeat(300), name: 'a' } }))],
    ['a name that ends lists', report(1, said(1, { job: { namespace: 'a', name: 'b\u0001edge-2\u0001x' } }))],
    ['an execution that is none', report(1, said(1, { execution: '../../x' as ExecutionId }))],
    ['negative processors', announced({ resources: { cpus: -1, memoryBytes: 1 } })],
    ['endless processors', announced({ resources: { cpus: JSON.parse('1e999') as number, memoryBytes: 1 } })],
    ['negative memory', announced({ resources: { cpus: 1, memoryBytes: -1 } })],
    ['a thousand drivers', announced({ drivers: Array(1_000).fill('x') })],
    ['capabilities without end', announced({ capabilities: Array(1_000).fill('x') })],
    ['a list for labels', announced({ labels: ['x'] })],
    [
      'a thousand problems',
      announced({ problems: Array.from({ length: 1_000 }, () => ({ code: 'a', message: 'b' })) }),
    ],
  ])('%s: the report is ignored whole', (_, event) => {
    const reports = noReports()
    expect(() => fold(reports, event)).toThrow(TypeError)
    expect(reports).toEqual(noReports())
  })
  it('takes the year 9999 for what it is', () => {
    const at = Date.parse('9999-12-31T23:59:59Z')
    expect(fold(noReports(), report(1, said(1, { at }))).executions.size).toBe(1)
  })
})

const step = fc.record({
  n: fc.integer({ min: 1, max: 400 }),
  j: fc.integer({ min: 1, max: 500 }),
  journal: fc.integer({ min: 0, max: 8 }),
  state: fc.constantFrom<Transition['state']>('running', 'stopped', 'failed'),
  announces: fc.integer({ min: 0, max: 40 }),
})
test.prop([fc.array(step, { maxLength: 400 })])('counts of what has ended are right after any reports', (steps) => {
  const reports = noReports()
  for (const { n, j, journal, state, announces } of steps)
    if (announces === 0) fold(reports, announced({ executions: [said(n, { state }), said(n + 1)] }))
    else fold(reports, report(j, said(n, { state }), id(journal)))
  expect(reports.ended).toBe(countEnded(reports.executions))
  expect(reports.ended).toBeLessThanOrEqual(ENDED_KEPT * 2)
  expect(reportsFromJson(JSON.parse(JSON.stringify(reportsToJson(reports))))).toEqual(reports)
})
