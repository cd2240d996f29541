/** An execution that waits for its next attempt is told from one that should run. */
import { expect, it } from 'vitest'
import type { LogEntry } from './log-reader.ts'
import { isWaiting, readTold } from './told.ts'

const entry = (seq: number, execution: string, state: string, nextAttemptAt?: number): LogEntry => ({
  seq,
  subject: 'evt.report.edge-1',
  v: seq,
  cmd: '',
  at: 0,
  events: [
    {
      type: 'ExecutionReported',
      journal: 'j',
      j: seq,
      execution,
      job: { namespace: 'default', name: 'keeper' },
      content: 'c',
      state,
      attempt: 1,
      at: 0,
      ...(nextAttemptAt === undefined ? {} : { nextAttemptAt }),
    },
  ],
})

it.each([
  ['before it is due', 1_000, [entry(1, 'x', 'degraded', 50_000)], true],
  ['a moment after', 55_000, [entry(1, 'x', 'degraded', 50_000)], true],
  ['not when it is long overdue', 60_000, [entry(1, 'x', 'degraded', 50_000)], false],
  ['not when it runs again', 1_000, [entry(1, 'x', 'degraded', 50_000), entry(2, 'x', 'running')], false],
  ['not when its probe fails', 1_000, [entry(1, 'x', 'degraded')], false],
  ['not for another one', 1_000, [entry(1, 'y', 'degraded', 50_000)], false],
])('an execution waits: %s', (_, now, log, waits) => expect(isWaiting(readTold(log), 'x', now)).toBe(waits))
