import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { errorCatalogue, type ErrorEntry } from './catalogue.ts'
import { DunlinError } from './error.ts'
import { errorsPage } from './page.ts'

describe('docs/errors.md', () => {
  it('is what the catalogue says (write it anew with `vitest run --project unit packages/contracts/src/errors -u`)', async () => {
    const path = resolve(import.meta.dirname, '../../../../docs/errors.md')
    await expect(errorsPage(errorCatalogue)).toMatchFileSnapshot(path)
  })

  it('tells code, sentence, status, retry and hint', () => {
    const page = errorsPage({ log_full: { status: 507, retryable: true, sentence: 'It is full.', hint: 'Empty it.' } })
    expect(page).toContain('## log_full\n\nIt is full. HTTP status 507. Trying again may help.\n\nHint: Empty it.\n')
  })
})

describe('the catalogue', () => {
  it.each(Object.entries(errorCatalogue))('%s has a word for a code, a sentence and an error status', (code, entry) => {
    expect(code).toMatch(/^[a-z]+(_[a-z]+)*$/)
    expect(entry.sentence).toMatch(/^[A-Z].*\.$/)
    expect(entry.status).toBeGreaterThanOrEqual(400)
    expect(entry.status).toBeLessThan(600)
  })

  it('promises help from a retry only where the system, not the request, stands in the way', () => {
    const retried = Object.values<ErrorEntry>(errorCatalogue).filter(({ retryable }) => retryable)
    expect(retried.filter(({ status }) => status < 500)).toEqual([])
    expect(retried.length).toBeGreaterThan(0)
  })
})

describe('DunlinError', () => {
  it('is a problem document with what its code says', () => {
    expect(new DunlinError('job_not_found').toProblem()).toEqual({
      type: 'https://dunlin.dev/errors/job_not_found',
      title: 'There is no such job.',
      status: 404,
      detail: 'There is no such job.',
      code: 'job_not_found',
      retryable: false,
    })
  })

  it('does not let its data stand in for the members that the code decides', () => {
    const error = new DunlinError('precondition_failed', 'Not yours.', {
      hint: 'Look again.',
      errors: [{ path: 'if-match', message: 'is 3' }],
      data: { version: 4, revision: 9, status: 200, code: 'other', retryable: true },
    })
    expect(error.toProblem()).toMatchObject({
      status: 412,
      code: 'precondition_failed',
      retryable: false,
      detail: 'Not yours.',
      hint: 'Look again.',
      version: 4,
      revision: 9,
      errors: [{ path: 'if-match', message: 'is 3' }],
    })
  })

  it('keeps its cause for logs and out of the document', () => {
    const cause = new Error('password=hunter2')
    const error = new DunlinError('internal', undefined, { cause })
    expect(error.cause).toBe(cause)
    expect(JSON.stringify(error.toProblem())).not.toContain('hunter2')
  })
})
