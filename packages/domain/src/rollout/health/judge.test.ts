import type { WindowEnd } from '@dunlin/contracts'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { isHealthy, judgeDeadline, judgeWindows, noWindows, type HealthPolicy } from './judge.ts'

const policy: HealthPolicy = {
  intervalMs: 1000,
  maxErrorRate: 0.1,
  successThreshold: 2,
  failureThreshold: 3,
  deadlineMs: 60_000,
}
/** Window ends from (in, failed) per window. */
const ends = (...windows: [number, number, WindowEnd[3]?][]): WindowEnd[] => {
  let [messages, failed] = [0, 0]
  return windows.map(([more, bad, letter = ''], i) => [i + 1, (messages += more), (failed += bad), letter])
}

describe('a window', () => {
  it('without traffic is healthy', () => expect(isHealthy({ n: 1, in: 0, failed: 0 }, policy)).toBe(true))
  it('at exactly the tolerated rate is healthy', () =>
    expect(isHealthy({ n: 1, in: 10, failed: 1 }, policy)).toBe(true))
  it('with a restart is not', () =>
    expect(isHealthy({ n: 1, in: 10, failed: 0, disturbed: 'restart' }, policy)).toBe(false))
  it('tolerates no error when the rate is an explicit 0', () =>
    expect(isHealthy({ n: 1, in: 1000, failed: 1 }, { ...policy, maxErrorRate: 0 })).toBe(false))
})

describe('verdicts', () => {
  it('healthy after success_threshold good windows in a row', () =>
    expect(judgeWindows(noWindows(), ends([10, 0], [10, 9], [10, 0], [10, 0]), policy)).toMatchObject({
      verdict: 'healthy',
      reason: 'success_threshold',
      window: 4,
      evidence: [{ n: 3 }, { n: 4 }],
    }))
  it('failed after failure_threshold bad windows in a row', () =>
    expect(judgeWindows(noWindows(), ends([10, 9], [0, 0, 'r'], [10, 9]), policy)).toMatchObject({
      verdict: 'failed',
      window: 3,
    }))
  it('a missing window neither lengthens nor breaks a run', () => {
    const run = noWindows()
    const all = ends([10, 9], [10, 9], [10, 0], [10, 9])
    expect(judgeWindows(run, all.slice(0, 2), policy)).toBeUndefined()
    // Window 3 is lost; the beginning of window 4 is unknown, so it says nothing either.
    expect(judgeWindows(run, all.slice(3), policy)).toBeUndefined()
    expect(run.unhealthy).toBe(2)
  })
  it('a deadline fails with the windows there were', () => {
    const run = noWindows()
    judgeWindows(run, ends([10, 9]), policy)
    expect(judgeDeadline(run)).toMatchObject({ verdict: 'failed', reason: 'deadline', window: 1 })
  })
})

const histories = fc.array(fc.tuple(fc.nat(20), fc.nat(20), fc.constantFrom('' as const, 'r' as const)), {
  minLength: 1,
  maxLength: 20,
})

test.prop([histories, fc.array(fc.nat(25), { maxLength: 60 })])(
  'lost, repeated and reordered heartbeats change no verdict, as long as each window arrives in one of them in order',
  (windows, picks) => {
    const all = ends(
      ...windows.map(([n, bad, letter]): [number, number, WindowEnd[3]] => [n, Math.min(n, bad), letter]),
    )
    const straight = noWindows()
    const expected = judgeWindows(straight, all, policy)
    const run = noWindows()
    let got = undefined as ReturnType<typeof judgeWindows>
    for (let i = 0; i < all.length && got === undefined; i += 1) {
      const pick = picks[i] ?? 0
      // An older heartbeat arrives late, then the present one with its repeated ends.
      got = judgeWindows(run, all.slice(Math.max(0, i - 6 - (pick % 3)), Math.max(0, i - (pick % 5))), policy)
      got ??= judgeWindows(run, all.slice(Math.max(0, i - 5), i + 1), policy)
    }
    expect(got).toEqual(expected)
  },
)
