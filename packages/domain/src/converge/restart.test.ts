import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { afterAttempt, backOffMs, type Ending } from './restart.ts'

const exited = (code: number): Ending => ({ is: 'exited', code, signal: null })
const after = (policy: 'on-failure' | 'always' | 'never', ending: Ending, streak = 0, ranMs = 0) =>
  afterAttempt({ policy, ending, streak, ranMs, jitter: 0 })

describe('the restart policy', () => {
  it('on-failure: completes at 0, restarts otherwise', () => {
    expect(after('on-failure', exited(0))).toEqual({ is: 'completed' })
    expect(after('on-failure', exited(7))).toMatchObject({ is: 'restart', delayMs: 1_000, streak: 1 })
  })
  it('always: restarts at 0 too', () => {
    expect(after('always', exited(0))).toMatchObject({ is: 'restart', error: undefined })
  })
  it('never: one attempt', () => {
    expect(after('never', exited(0))).toEqual({ is: 'completed' })
    expect(after('never', exited(7))).toMatchObject({ is: 'failed', error: { code: 'exited' } })
  })
  it('never retries what trying again cannot help', () => {
    const ending: Ending = { is: 'not_started', permanent: true, error: { code: 'unknown_command', message: 'x' } }
    expect(after('always', ending)).toMatchObject({ is: 'failed', error: { code: 'unknown_command' } })
  })
  it('restarts by policy what a probe has failed, and not what has filled its disk', () => {
    const unfit = (permanent: boolean): Ending => ({ is: 'unfit', permanent, error: { code: 'x', message: 'x' } })
    expect(after('on-failure', unfit(false))).toMatchObject({ is: 'restart', error: { code: 'x' } })
    expect(after('never', unfit(false))).toMatchObject({ is: 'failed', error: { code: 'x' } })
    expect(after('always', unfit(true))).toMatchObject({ is: 'failed', error: { code: 'x' } })
  })
  it('starts again at the first back-off after ten healthy minutes', () => {
    expect(after('always', exited(1), 9, 599_999)).toMatchObject({ streak: 10, delayMs: 300_000 })
    expect(after('always', exited(1), 9, 600_000)).toMatchObject({ streak: 1, delayMs: 1_000 })
  })
})

test.prop([fc.integer({ min: 1, max: 5_000 }), fc.double({ min: 0, max: 0.999, noNaN: true })])(
  'a back-off lies between four fifths of its step and the step, and never above five minutes',
  (streak, jitter) => {
    const step = Math.min(300_000, 1_000 * 2 ** (streak - 1))
    expect(backOffMs(streak, jitter)).toBeGreaterThanOrEqual(Math.floor(step * 0.8))
    expect(backOffMs(streak, jitter)).toBeLessThanOrEqual(step)
  },
)
