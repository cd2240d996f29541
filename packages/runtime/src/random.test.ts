import { describe, expect, it } from 'vitest'
import { systemRandom } from './random.ts'

describe("the system's randomness", () => {
  it('gives ids of the instant, none of them twice, however many are drawn', () => {
    const ids = Array.from({ length: 5_000 }, () => systemRandom.ulid(1_700_000_000_000))
    expect(new Set(ids).size).toBe(ids.length)
    expect(new Set(ids.map((id) => id.slice(0, 10))).size).toBe(1)
  })
  it('fills the whole unit interval', () => {
    const floats = Array.from({ length: 5_000 }, () => systemRandom.float())
    expect(floats.every((float) => float >= 0 && float < 1)).toBe(true)
    // 64 boxes stay empty after 5,000 throws with a chance below 1 in 10^32.
    expect(new Set(floats.map((float) => Math.floor(float * 64))).size).toBe(64)
  })
})
