import { describe, expect, it, test } from 'vitest'
import { BEATS_APART_MS, nextBeatMs, WINDOWS_SHARE_MS, type Pace } from './pace.ts'

const pace = (over: Partial<Pace>): Pace => ({
  sentMs: 1_000,
  everyMs: 10_000,
  cutMs: undefined,
  nextEndMs: undefined,
  ...over,
})

describe('the pace of heartbeats', () => {
  it('is regular while nothing validates', () => {
    expect(nextBeatMs(pace({}))).toBe(11_000)
  })
  it('shows a window as soon as it was cut', () => {
    expect(nextBeatMs(pace({ cutMs: 4_000, nextEndMs: 14_000 }))).toBe(4_000)
  })
  it('lets windows that end within a few milliseconds share a beat, and waits for no other', () => {
    expect(nextBeatMs(pace({ cutMs: 4_000, nextEndMs: 4_003 }))).toBe(4_003)
    expect(nextBeatMs(pace({ cutMs: 4_000, nextEndMs: 4_006 }))).toBe(4_000)
  })
  it('lets a regular beat wait for a window that ends right after it', () => {
    expect(nextBeatMs(pace({ nextEndMs: 11_040 }))).toBe(11_040)
    expect(nextBeatMs(pace({ nextEndMs: 11_100 }))).toBe(11_000)
  })
  it('keeps its distance from the last beat', () => {
    expect(nextBeatMs(pace({ cutMs: 1_020 }))).toBe(1_100)
    expect(nextBeatMs(pace({ everyMs: 10 }))).toBe(1_100)
  })
})

test('a cut window waits for the distance between beats or for the few milliseconds of sharing, and for nothing else', () => {
  const instants = [undefined, 0, 995, 1_000, 1_050, 1_099, 1_100, 1_101, 1_104, 1_106, 2_000, 10_995, 11_000, 12_000]
  for (const everyMs of [1, 100, 200, 10_000])
    for (const cutMs of instants)
      for (const nextEndMs of instants) {
        const nextMs = nextBeatMs(pace({ everyMs, cutMs, nextEndMs }))
        expect(nextMs).toBeGreaterThanOrEqual(1_000 + BEATS_APART_MS)
        expect(nextMs).toBeLessThanOrEqual(Math.max(1_000 + BEATS_APART_MS, (cutMs ?? Infinity) + WINDOWS_SHARE_MS))
        expect(nextMs).toBeLessThanOrEqual(1_000 + Math.max(BEATS_APART_MS, everyMs) + BEATS_APART_MS)
      }
})
