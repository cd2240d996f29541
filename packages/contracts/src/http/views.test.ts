import { describe, expect, it } from 'vitest'
import { DunlinError } from '../errors/error.ts'
import { problemView, refusedView } from './views.ts'

const error = new DunlinError('invalid_spec', 'rollout.strategy: expected one of immediate, rolling, canary', {
  errors: [
    {
      code: 'invalid',
      path: 'rollout.strategy',
      line: 4,
      column: 3,
      message: 'expected one of immediate, rolling, canary',
      hint: 'Did you mean "rolling"?',
    },
  ],
})

describe('problemView', () => {
  it('shows every member of a problem, places and all', () => {
    const problem = error.toProblem()
    expect(problemView.parse(problem)).toEqual(problem)
  })

  it('lets the members through that only some codes have', () => {
    const problem = new DunlinError('precondition_failed', undefined, { data: { version: 3, revision: 8 } }).toProblem()
    expect(problemView.parse(problem)).toMatchObject({ version: 3, revision: 8 })
  })
})

describe('refusedView', () => {
  it('reads what was stored of a refused command as it was', () => {
    const refused = { ok: false, command_id: 'order-17', error: error.toProblem() }
    expect(refusedView.parse(structuredClone(refused))).toEqual(refused)
  })
})
