import { describe, expect, it } from 'vitest'
import { createPace } from './pace.ts'

describe('a pace', () => {
  it('lets a burst through, and then one in each interval, for each key by itself', () => {
    let now = 0
    const pace = createPace({ monotonicMs: () => now }, { burst: 3, everyMs: 100 })
    const take = (key: string, times: number) =>
      Array.from({ length: times }, () => pace.take(key)).filter(Boolean).length
    expect([take('a', 9), take('b', 1)]).toEqual([3, 1])
    now += 250
    expect([take('a', 9), take('b', 9)]).toEqual([2, 3])
    now += 1_000_000
    expect(take('a', 9)).toBe(3)
    pace.forget('a')
    expect(take('a', 9)).toBe(3)
  })
  it('takes nothing when the cost is above what is left', () => {
    const pace = createPace({ monotonicMs: () => 0 }, { burst: 3, everyMs: 100 })
    expect([pace.take('a', 4), pace.take('a', 2), pace.take('a', 2), pace.take('a', 1)]).toEqual([
      false,
      true,
      false,
      true,
    ])
  })
  it('goes on counting whoever has used something up, however many others come', () => {
    const pace = createPace({ monotonicMs: () => 0 }, { burst: 1, everyMs: 1_000 })
    expect(pace.take('bad')).toBe(true)
    for (let n = 0; n < 10_000; n += 1) pace.take(`n${n}`)
    expect(pace.take('bad')).toBe(false)
  })
})
