// Counting what the runner says it ran, and never less failure than there was.

export interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

export interface Failure {
  /** The test's file, as the runner tells it. */
  readonly file: string
  /** The names of its groups and its own; absent when the file could not be loaded. */
  readonly test?: string
  /** What the runner says of it: message and stack. */
  readonly message: string
}

export interface Verdict {
  readonly counts: Counts
  /** Why something counts as failed that is not a failed test. */
  readonly complaint?: string
  /** The failed tests and files, told again at the end: of a long output often only the end is kept. */
  readonly failures?: readonly Failure[]
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 }

export function add(a: Counts, b: Counts): Counts {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }
}

/** The last line of `npm test`: `812 passed, 0 failed`, with the skipped ones when there are any. */
export function summary(counts: Counts): string {
  const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`
}

/** The part of vitest's json report that is counted. */
interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly FileReport[]
}

interface FileReport {
  readonly name: string
  readonly status: string
  readonly message?: string
  readonly assertionResults: readonly {
    readonly status: string
    readonly fullName: string
    readonly failureMessages?: readonly string[]
  }[]
}

/**
 * Counts one project.
 * @param reportText vitest's json report; undefined when it left none
 * @param exitCode of the runner; null when a signal ended it
 * @param filtered whether the person asked for a part only, so that a project without any match is in order
 */
export function countReport(reportText: string | undefined, exitCode: number | null, filtered: boolean): Verdict {
  const report = parse(reportText)
  if (report === undefined) {
    if (filtered && exitCode === 0) return { counts: none }
    return { counts: { ...none, failed: 1 }, complaint: 'the runner left no report' }
  }
  // A file that cannot even be loaded holds no failed test, but it failed.
  const brokenFiles = report.testResults.filter(isBroken).length
  const counts = {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests,
  }
  const oneMore = { ...counts, failed: counts.failed + 1 }
  if (counts.passed + counts.failed === 0 && !filtered) return { counts: oneMore, complaint: 'no test was executed' }
  // Unhandled rejections, a crashed worker: the runner says no although no single test does.
  if (exitCode !== 0 && counts.failed === 0) {
    return { counts: oneMore, complaint: `the runner ended with ${exitCode ?? 'a signal'} although no test failed` }
  }
  return counts.failed === 0 ? { counts } : { counts, failures: failuresIn(report) }
}

function isBroken(file: FileReport): boolean {
  return file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed')
}

function failuresIn(report: Report): Failure[] {
  return report.testResults.flatMap((file) => {
    if (isBroken(file)) return [{ file: file.name, message: file.message ?? '' }]
    return file.assertionResults
      .filter((test) => test.status === 'failed')
      .map((test) => ({ file: file.name, test: test.fullName, message: (test.failureMessages ?? []).join('\n') }))
  })
}

function parse(text: string | undefined): Report | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && 'numPassedTests' in value ? (value as Report) : undefined
  } catch {
    return undefined
  }
}
