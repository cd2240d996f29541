/** Examples that read as the specification of converge; the laws over random histories are in converge.prop.test.ts. */
import type { DesiredDocument, DesiredExecution, Generation } from '@dunlin/contracts/agent'
import { describe, expect, it } from 'vitest'
import { converge, type ConvergeInput } from './converge.ts'
import type { Observed, Phase } from './observed.ts'

const entry = (execution: string, job: string, seq: number, over: Partial<DesiredExecution> = {}): DesiredExecution =>
  ({
    execution,
    job: { namespace: 'default', name: job },
    jobId: 'j',
    version: 1,
    rollout: 'r',
    generation: [0, seq],
    content: 'c'.repeat(64),
    health: { intervalMs: 1000, maxErrorRate: 0, successThreshold: 2, failureThreshold: 3, deadlineMs: 300_000 },
    desired: 'running',
    ...over,
  }) as DesiredExecution

const document = (seq: number, ...executions: DesiredExecution[]): DesiredDocument =>
  ({ s: 1, node: 'n1', generation: [0, seq] as Generation, executions }) as DesiredDocument

const seen = (of: DesiredExecution, phase: Phase): Observed => ({ entry: of, phase })

const plan = (over: Partial<ConvergeInput>) =>
  converge({
    desired: undefined,
    observed: [],
    contentOf: () => ({ is: 'ready' }),
    nowMs: 1_000,
    readAtMs: 900,
    freshForMs: 900_000,
    ...over,
  })

const x1 = entry('x1', 'web', 10)
const x2 = entry('x2', 'web', 20)

describe('an entry that is new to the node', () => {
  it('is fetched first', () => {
    expect(plan({ desired: document(10, x1), contentOf: () => ({ is: 'absent' }) })).toMatchObject([{ do: 'fetch' }])
  })
  it('is announced when its content is there and the document is fresh', () => {
    expect(plan({ desired: document(10, x1) })).toMatchObject([{ do: 'announce', execution: 'x1' }])
  })
  it('waits for a fresh document when the held one came from the journal', () => {
    expect(plan({ desired: document(10, x1), readAtMs: undefined })).toMatchObject([
      { do: 'wait', for: 'fresh_document' },
    ])
  })
  it('fails when it cannot run here', () => {
    const problem = { code: 'unknown_type', message: 'no such driver' }
    expect(plan({ desired: document(10, x1), contentOf: () => ({ is: 'unusable', problem }) })).toMatchObject([
      { do: 'fail', problem },
    ])
  })
  it('starts once the log acknowledged it', () => {
    const announced = seen(x1, { is: 'announced', acknowledged: true })
    expect(plan({ desired: document(10, x1), observed: [announced] })).toEqual([
      { do: 'start', execution: 'x1', why: 'activation' },
    ])
  })
})

describe('new content for a job that runs', () => {
  const old = seen(x1, { is: 'running' })
  it('leaves the old execution alone until the new one may start', () => {
    const waiting = seen(x2, { is: 'announced', acknowledged: false })
    expect(plan({ desired: document(20, x2), observed: [old, waiting] })).toEqual([
      { do: 'keep', execution: 'x1', why: 'until_replacement_may_start' },
      { do: 'wait', execution: 'x2', for: 'acknowledgement' },
    ])
  })
  it('stops the old one, then starts the new one', () => {
    const ready = seen(x2, { is: 'announced', acknowledged: true })
    const desired = document(20, x2)
    expect(plan({ desired, observed: [old, ready] })).toEqual([
      { do: 'stop', execution: 'x1', why: 'replaced' },
      { do: 'wait', execution: 'x2', for: 'old_execution' },
    ])
    expect(plan({ desired, observed: [seen(x1, { is: 'ended', acknowledged: false }), ready] })).toEqual([
      { do: 'keep', execution: 'x1', why: 'ended' },
      { do: 'start', execution: 'x2', why: 'activation' },
    ])
  })
  it('does not touch the old one from a stale document, even when the log acknowledged the new one', () => {
    const ready = seen(x2, { is: 'announced', acknowledged: true })
    expect(plan({ desired: document(20, x2), observed: [old, ready], readAtMs: -900_000 })).toEqual([
      { do: 'keep', execution: 'x1', why: 'until_replacement_may_start' },
      { do: 'wait', execution: 'x2', for: 'fresh_document' },
    ])
  })
  it('stops the old one when its entry says so, whatever becomes of the new one', () => {
    const desired = document(20, { ...x1, desired: 'stopped' }, x2)
    expect(plan({ desired, observed: [old], readAtMs: undefined })).toMatchObject([
      { do: 'stop', execution: 'x1', why: 'ordered' },
      { do: 'wait', execution: 'x2', for: 'fresh_document' },
    ])
  })
})

describe('what is not desired', () => {
  it('is stopped when absent', () => {
    expect(plan({ desired: document(11), observed: [seen(x1, { is: 'running' })] })).toEqual([
      { do: 'stop', execution: 'x1', why: 'absent' },
    ])
  })
  it('runs on while no document was ever read', () => {
    expect(plan({ observed: [seen(x1, { is: 'running' })] })).toMatchObject([{ do: 'keep', execution: 'x1' }])
  })
  it('is forgotten once over, known to the log and named by no entry', () => {
    const over = (acknowledged: boolean) => seen(x1, { is: 'ended', acknowledged })
    expect(plan({ desired: document(11), observed: [over(false)] })).toMatchObject([{ do: 'keep' }])
    expect(plan({ desired: document(11), observed: [over(true)] })).toMatchObject([{ do: 'forget' }])
    const named = document(11, { ...x1, desired: 'stopped' })
    expect(plan({ desired: named, observed: [over(true)] })).toMatchObject([{ do: 'keep', why: 'ended' }])
  })
  it('does not undo a newer execution', () => {
    expect(plan({ desired: document(30, x1), observed: [seen(x2, { is: 'running' })] })).toEqual([
      { do: 'ignore', execution: 'x1', generation: [0, 10] },
      { do: 'keep', execution: 'x2', why: 'newer_than_document' },
    ])
  })
})

describe('a grant that was revoked: a newer document names the former execution again', () => {
  const desired = document(30, x1)
  const running = seen(x1, { is: 'running' })
  it.each<[string, Phase]>([
    ['was announced', { is: 'announced', acknowledged: false }],
    ['was announced, and the log knows it', { is: 'announced', acknowledged: true }],
  ])('keeps the former running when the newer one %s, and ends the newer one', (_, phase) => {
    expect(plan({ desired, observed: [running, seen(x2, phase)] })).toEqual([
      { do: 'stop', execution: 'x2', why: 'absent' },
      { do: 'keep', execution: 'x1', why: 'desired' },
    ])
  })
  it('keeps the former running, and restarting, beside a newer one that is over', () => {
    const over = seen(x2, { is: 'ended', acknowledged: true })
    expect(plan({ desired, observed: [running, over] })).toEqual([
      { do: 'forget', execution: 'x2' },
      { do: 'keep', execution: 'x1', why: 'desired' },
    ])
    const waiting = seen(x1, { is: 'backing_off', untilMs: 1_000 })
    expect(plan({ desired, observed: [waiting, over] })).toContainEqual({
      do: 'start',
      execution: 'x1',
      why: 'restart',
    })
  })
  it('keeps the newer one when it was activated before, whether the former is over or forgotten', () => {
    const active = seen(x2, { is: 'running' })
    const ignored = { do: 'ignore', execution: 'x1', generation: [0, 10] }
    const kept = { do: 'keep', execution: 'x2', why: 'newer_than_document' }
    expect(plan({ desired, observed: [active] })).toEqual([ignored, kept])
    const over = (acknowledged: boolean) => seen(x1, { is: 'ended', acknowledged })
    expect(plan({ desired, observed: [over(false), active] })).toEqual([
      ignored,
      { do: 'keep', execution: 'x1', why: 'ended' },
      kept,
    ])
    expect(plan({ desired, observed: [over(true), active] })).toEqual([
      ignored,
      { do: 'forget', execution: 'x1' },
      kept,
    ])
  })
  it('ends a newer one that was never activated also when the former is over, and lets the former not begin again', () => {
    const announced = seen(x2, { is: 'announced', acknowledged: true })
    expect(plan({ desired, observed: [announced] })).toEqual([
      { do: 'ignore', execution: 'x1', generation: [0, 10] },
      { do: 'stop', execution: 'x2', why: 'absent' },
    ])
  })
  it('runs nothing when both are over, until a new grant comes', () => {
    const over = [x1, x2].map((one) => seen(one, { is: 'ended', acknowledged: true }))
    const steps = plan({ desired, observed: over })
    expect(steps).toEqual([
      { do: 'ignore', execution: 'x1', generation: [0, 10] },
      { do: 'forget', execution: 'x1' },
      { do: 'keep', execution: 'x2', why: 'newer_than_document' },
    ])
    const x3 = entry('x3', 'web', 40)
    expect(plan({ desired: document(40, x3), observed: over })).toContainEqual({
      do: 'announce',
      execution: 'x3',
      entry: x3,
    })
  })
})

describe('time', () => {
  it('restarts when the back-off is over, from a stale document too', () => {
    const waiting = seen(x1, { is: 'backing_off', untilMs: 2_000 })
    const at = (nowMs: number) => plan({ desired: document(10, x1), observed: [waiting], nowMs, readAtMs: undefined })
    expect(at(1_999)).toEqual([{ do: 'wait', execution: 'x1', for: 'back_off', untilMs: 2_000 }])
    expect(at(2_000)).toEqual([{ do: 'start', execution: 'x1', why: 'restart' }])
  })
  it('activates until the document is as old as it may be, and not a moment longer', () => {
    const announced = seen(x1, { is: 'announced', acknowledged: true })
    const at = (ageMs: number) =>
      plan({ desired: document(10, x1), observed: [announced], nowMs: 1_000, readAtMs: 1_000 - ageMs })
    expect(at(899_999)).toMatchObject([{ do: 'start' }])
    expect(at(900_000)).toMatchObject([{ do: 'wait', for: 'fresh_document' }])
  })
  it('ends an attempt that used up its execution_timeout, also before any document was read', () => {
    const running = seen(x1, { is: 'running', timeoutAtMs: 2_000 })
    expect(plan({ observed: [running], nowMs: 2_000 })).toEqual([{ do: 'time_out', execution: 'x1' }])
    expect(plan({ desired: document(10, x1), observed: [running], nowMs: 1_500 })).toMatchObject([
      { do: 'keep', untilMs: 2_000 },
    ])
  })
  it('ends a start that used up the execution_timeout: a server of artifacts may drip for ever', () => {
    const starting = seen(x1, { is: 'starting', timeoutAtMs: 2_000 })
    const at = (nowMs: number, desired?: DesiredDocument) => plan({ desired, observed: [starting], nowMs })
    for (const desired of [undefined, document(10, x1)]) {
      expect(at(1_999, desired)).toEqual([{ do: 'wait', execution: 'x1', for: 'driver', untilMs: 2_000 }])
      expect(at(2_000, desired)).toEqual([{ do: 'time_out', execution: 'x1' }])
    }
    const without = seen(x1, { is: 'starting' })
    expect(plan({ desired: document(10, x1), observed: [without], nowMs: 1e9 })).toEqual([
      { do: 'wait', execution: 'x1', for: 'driver' },
    ])
  })
  it.each(['starting', 'running'] as const)('ends one that is %s and only kept beside another one, too', (is) => {
    const former = seen(x1, { is, timeoutAtMs: 2_000 })
    const newer = seen(x2, { is, timeoutAtMs: 2_000 })
    const at = (nowMs: number, desired: DesiredDocument, one: Observed) =>
      plan({ desired, observed: [one], nowMs, readAtMs: undefined }).filter(
        ({ execution }) => execution === one.entry.execution,
      )
    const until = { do: 'keep', untilMs: 2_000 }
    expect(at(1_999, document(20, x2), former)).toMatchObject([{ ...until, why: 'until_replacement_may_start' }])
    expect(at(1_999, document(10, x1), newer)).toMatchObject([{ ...until, why: 'newer_than_document' }])
    expect(at(2_000, document(20, x2), former)).toEqual([{ do: 'time_out', execution: 'x1' }])
    expect(at(2_000, document(10, x1), newer)).toEqual([{ do: 'time_out', execution: 'x2' }])
  })
  it('ends an attempt that must not run on, whatever the document says, unless that stops it anyway', () => {
    const unfit = seen(x1, { is: 'running', timeoutAtMs: 2_000, failed: 'liveness_failed' })
    const end = [{ do: 'end_attempt', execution: 'x1', why: 'liveness_failed' }]
    expect(plan({ observed: [unfit], nowMs: 3_000 })).toEqual(end)
    expect(plan({ desired: document(10, x1), observed: [unfit], nowMs: 1_000 })).toEqual(end)
    expect(plan({ desired: document(10), observed: [unfit], nowMs: 1_000 })).toMatchObject([{ do: 'stop' }])
  })
})
