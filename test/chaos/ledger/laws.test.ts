/** Each law is shown the smallest story that breaks it, and a story that only looks as if. */
import { describe, expect, it } from 'vitest'
import { commandsOnce, doubled, invented, lost, overlaps, restarted, type Struck } from './laws.ts'
import type { LogEntry } from './log-reader.ts'
import type { Told } from './told.ts'
import type { Witnessed } from './witness.ts'

const start = (attempt: number): Witnessed => ({
  is: 'start',
  node: 'edge-1',
  execution: 'x',
  attempt,
  what: 'keeper',
  more: 'm-keeper-1',
})
const exit = (attempt: number, code: number): Witnessed => ({
  ...start(attempt),
  is: 'exit',
  what: String(code),
  more: '',
})
let seq = 0
const told = (attempt: number, state: string, more: Partial<Told> = {}): Told => ({
  seq: ++seq,
  node: 'edge-1',
  execution: 'x',
  job: 'keeper',
  content: 'c',
  at: 0,
  attempt,
  state,
  replaces: 0,
  isSummary: false,
  counter: `journal/${seq}`,
  ...more,
})
const killed = (attempt: number, was: Struck['was']): Struck => ({
  execution: 'x',
  attempt,
  was,
  node: 'edge-1',
  job: 'keeper',
})
const entry = (more: Partial<LogEntry>): LogEntry => ({
  seq: ++seq,
  subject: 'evt.job.default.keeper',
  v: seq,
  cmd: `c-${seq}`,
  at: 0,
  events: [],
  ...more,
})

describe('two at once', () => {
  it('is what a task says that found the lock taken', () => {
    expect(overlaps([start(1)])).toEqual([])
    expect(overlaps([{ ...start(2), is: 'overlap', more: 'x/1' }])).toEqual([
      'edge-1: keeper ran as x/2 while x/1 still ran',
    ])
  })
})

describe('what stands in the log twice', () => {
  it('is a version of a subject, a counter of a journal, a start, an exit or an end', () => {
    const twice = (a: Partial<Told>, b: Partial<Told>) =>
      doubled([], [told(1, 'running', { counter: 'j/1', ...a }), told(2, 'running', { counter: 'j/2', ...b })])
    expect(twice({}, {})).toEqual([])
    expect(twice({}, { counter: 'j/1' })).toHaveLength(1)
    expect(twice({}, { attempt: 1 })).toHaveLength(1)
    expect(twice({ state: 'stopped' }, { state: 'stopped' })).toHaveLength(1)
    expect(twice({ state: 'degraded', exitCode: 1 }, { state: 'degraded', exitCode: 1, attempt: 1 })).toHaveLength(1)
    expect(doubled([entry({ v: 1 }), entry({ v: 1 })], [])).toHaveLength(1)
  })
  it('is not the summary of an announcement, nor the same version of two boots', () => {
    expect(doubled([], [told(1, 'running'), told(1, 'running', { isSummary: true })])).toEqual([])
    const subject = 'evt.report.edge-1'
    expect(doubled([entry({ subject, v: 1, cmd: 'a/1' }), entry({ subject, v: 1, cmd: 'b/1' })], [])).toEqual([])
    expect(doubled([entry({ subject, v: 1, cmd: 'a/1' }), entry({ subject, v: 2, cmd: 'a/1' })], [])).toHaveLength(1)
  })
})

describe('what a task wrote', () => {
  const ends = [start(1), exit(1, 1)]
  it('is lost when nobody told it', () => {
    expect(lost(ends, [told(1, 'running'), told(1, 'degraded', { exitCode: 1 })], [])).toEqual([])
    expect(lost(ends, [], [])).toHaveLength(2)
    expect(lost(ends, [told(0, 'starting')], [])).toHaveLength(2)
    expect(lost(ends, [told(1, 'running')], [])).toEqual(['edge-1: x/1 ended with 1 and nobody told'])
    expect(lost(ends, [told(1, 'failed', { exitCode: 2 })], [])).toEqual(['edge-1: x/1 ended with 1, and 2 was told'])
  })
  it('is not lost when a later telling says that it stands for others, or somebody killed the witness', () => {
    expect(lost(ends, [told(2, 'stopped', { replaces: 2 })], [])).toEqual([])
    expect(lost(ends, [told(2, 'stopped')], [])).toHaveLength(2)
    expect(lost(ends, [told(2, 'running', { isSummary: true })], [])).toHaveLength(2)
    expect(lost(ends, [told(2, 'running', { isSummary: true, replaces: 2 })], [])).toEqual([])
    expect(lost(ends, [told(1, 'running')], [killed(1, 'shim')])).toEqual([])
    expect(lost(ends, [told(1, 'running')], [killed(2, 'shim')])).toHaveLength(1)
    expect(lost(ends, [told(1, 'stopped', { exitCode: 137 })], [])).toEqual([])
  })
})

describe('what the log says', () => {
  const all = (): boolean => true
  it('is invented when no task wrote it', () => {
    expect(invented([start(1)], [told(1, 'running')], [], all)).toEqual([])
    expect(invented([], [told(1, 'running')], [], all)).toHaveLength(1)
    expect(invented([start(1), exit(1, 0)], [told(1, 'completed', { exitCode: 0 })], [], all)).toEqual([])
    expect(invented([start(1)], [told(1, 'completed', { exitCode: 0 })], [], all)).toHaveLength(1)
  })
  it('is not when the task had no time to write, or is none that writes', () => {
    expect(invented([], [told(1, 'running')], [], () => false)).toEqual([])
    expect(invented([], [told(1, 'running'), told(1, 'stopped', { exitCode: 143 })], [], all)).toEqual([])
    expect(invented([], [told(1, 'running')], [killed(1, 'task')], all)).toEqual([])
  })
})

describe('a command', () => {
  const log = [entry({ cmd: 'once' }), entry({ cmd: 'twice' }), entry({ cmd: 'twice' })]
  const said = (id: string, answer: 'acknowledged' | 'refused' | 'unknown') =>
    commandsOnce(log, [{ id, what: 'apply', said: answer }]).length
  it('takes effect once when it was acknowledged, never when it was refused, and never twice', () => {
    expect([said('once', 'acknowledged'), said('never', 'acknowledged'), said('twice', 'acknowledged')]).toEqual([
      0, 1, 1,
    ])
    expect([said('never', 'refused'), said('once', 'refused')]).toEqual([0, 1])
    expect([said('never', 'unknown'), said('once', 'unknown'), said('twice', 'unknown')]).toEqual([0, 0, 1])
  })
})

describe('a task that began again', () => {
  it('is wrong when nobody had struck it', () => {
    const keeps = (): boolean => true
    expect(restarted([start(1), start(2)], [], keeps)).toHaveLength(1)
    expect(restarted([start(1), start(2)], [killed(1, 'task')], keeps)).toEqual([])
    expect(restarted([start(1), start(2)], [], () => false)).toEqual([])
    // The first one never came to write a line: it was killed with its agent before, by nobody's strike.
    expect(restarted([start(2)], [], keeps)).toEqual([])
  })
})
