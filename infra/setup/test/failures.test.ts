import { expect, test } from 'vitest'
import { countReport, none } from './counts.ts'
import { tellFailures } from './failures.ts'

const report = JSON.stringify({
  numPassedTests: 1,
  numFailedTests: 1,
  numPendingTests: 0,
  numTodoTests: 0,
  testResults: [
    {
      name: '/repo/packages/a/src/a.test.ts',
      status: 'failed',
      assertionResults: [
        { status: 'passed', fullName: 'a group holds' },
        {
          status: 'failed',
          fullName: 'a group breaks',
          failureMessages: ['Error: 1 is not 2\n\n    at a.test.ts:7:3'],
        },
      ],
    },
    { name: '/repo/packages/b/src/b.test.ts', status: 'failed', message: 'no such module', assertionResults: [] },
  ],
})

test('a failed test is told with its file, its name and its message, a broken file with its own', () => {
  expect(tellFailures('unit', '/repo', countReport(report, 1, false))).toEqual([
    'unit: packages/a/src/a.test.ts > a group breaks\n    Error: 1 is not 2\n        at a.test.ts:7:3',
    'unit: packages/b/src/b.test.ts\n    no such module',
  ])
})

test('a step that names no failure is told with its complaint', () => {
  const failed = { counts: { ...none, failed: 1 }, complaint: 'the runner left no report' }
  expect(tellFailures('int', '/repo', failed)).toEqual(['int: the runner left no report'])
  expect(tellFailures('lint', '/repo', { counts: failed.counts })).toEqual(['lint: see above'])
})
