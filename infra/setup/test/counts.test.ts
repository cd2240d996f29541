import { expect, test } from 'vitest'
import { add, countReport, none, summary } from './counts.ts'

function report(tests: { passed?: number; failed?: number; pending?: number; todo?: number }, brokenFiles = 0): string {
  const files = Array.from({ length: brokenFiles }, () => ({ status: 'failed', assertionResults: [] }))
  const failing = { status: 'failed', assertionResults: [{ status: 'failed' }] }
  return JSON.stringify({
    numPassedTests: tests.passed ?? 0,
    numFailedTests: tests.failed ?? 0,
    numPendingTests: tests.pending ?? 0,
    numTodoTests: tests.todo ?? 0,
    testResults: (tests.failed ?? 0) > 0 ? [failing, ...files] : files,
  })
}

test('the runner is taken at its word', () => {
  const { counts } = countReport(report({ passed: 5, failed: 2, pending: 1, todo: 1 }), 1, false)
  expect(counts).toEqual({ passed: 5, failed: 2, skipped: 2 })
})

test('a file that cannot be loaded is a failure although no test of it failed', () => {
  expect(countReport(report({ passed: 5 }, 1), 1, false).counts.failed).toBe(1)
})

test('a runner that fails without a failed test is a failure', () => {
  expect(countReport(report({ passed: 5 }), 1, false).counts.failed).toBe(1)
  expect(countReport(report({ passed: 5 }), null, false).counts.failed).toBe(1)
})

test('a project that executes nothing is a failure, unless a part was asked for', () => {
  expect(countReport(report({}), 0, false).counts.failed).toBe(1)
  expect(countReport(report({ pending: 3 }), 0, false)).toMatchObject({
    counts: { failed: 1 },
    complaint: 'no test was executed',
  })
  expect(countReport(report({}), 0, true)).toEqual({ counts: none })
})

test('no report, or half of one, is a failure', () => {
  expect(countReport(undefined, 1, false).counts.failed).toBe(1)
  expect(countReport('{"numPassed', 0, false).counts.failed).toBe(1)
  expect(countReport(undefined, 1, true).counts.failed).toBe(1)
})

test('the last line names skipped tests only when there are any', () => {
  expect(summary(add({ passed: 1, failed: 0, skipped: 0 }, { passed: 2, failed: 1, skipped: 0 }))).toBe(
    '3 passed, 1 failed',
  )
  expect(summary({ passed: 1, failed: 0, skipped: 4 })).toBe('1 passed, 0 failed, 4 skipped')
})
