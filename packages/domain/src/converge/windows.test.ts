import { describe, expect, it } from 'vitest'
import {
  cut,
  disturb,
  finishCutting,
  nextEndMs,
  shownEnds,
  startCutting,
  stillValidating,
  type Sample,
} from './windows.ts'

const health = { intervalMs: 1_000, maxErrorRate: 0.1, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 }
const sample = (total: number, failed = 0, over: Partial<Sample> = {}): Sample => ({
  in: total,
  failed,
  running: true,
  disturbed: '',
  ...over,
})

describe('cutting windows', () => {
  it('cuts at multiples of the interval from `starting`, with cumulative counters', () => {
    let cutting = startCutting(health, 5_000)
    expect(nextEndMs(cutting)).toBe(6_000)
    cutting = cut(cutting, 5_900, sample(3))
    expect(cutting.ends).toEqual([])
    cutting = cut(cutting, 6_010, sample(5, 1))
    cutting = cut(cutting, 7_000, sample(9, 1))
    expect(cutting.ends).toEqual([
      [1, 5, 1, ''],
      [2, 9, 1, ''],
    ])
  })
  it('leaves out windows whose end was not seen in time', () => {
    const late = cut(cut(startCutting(health, 0), 1_000, sample(1)), 4_100, sample(7))
    expect(late.ends.map(([n]) => n)).toEqual([1, 4])
  })
  it('says nothing about windows before the first start', () => {
    const waiting = cut(startCutting(health, 0), 1_000, sample(0, 0, { running: false }))
    expect(waiting.ends).toEqual([])
    expect(cut(waiting, 2_000, sample(4)).ends).toEqual([[2, 4, 0, '']])
  })
  it('marks the window in which something disturbed the execution, also when that is over at its end', () => {
    const disturbed = disturb(disturb(startCutting(health, 0), 'r'), 'i')
    const once = cut(disturbed, 1_000, sample(1))
    expect(cut(once, 2_000, sample(2)).ends).toEqual([
      [1, 1, 0, 'r'],
      [2, 2, 0, ''],
    ])
    expect(cut(once, 2_000, sample(2, 0, { running: false, disturbed: 'r' })).ends.at(-1)?.[3]).toBe('r')
  })
  it('goes on until six windows after success, then shows the last ends for ten minutes', () => {
    let cutting = startCutting(health, 0)
    for (let n = 1; n <= 20; n++) cutting = cut(cutting, n * 1_000, sample(n * 10, n === 1 ? 5 : 5))
    // window 1 is sick (5 of 10), 2 and 3 are healthy: success at 3, last window 9
    expect(cutting.n).toBe(9)
    expect(stillValidating(cutting)).toBe(false)
    expect(nextEndMs(cutting)).toBeUndefined()
    expect(shownEnds(cutting, 9_000 + 10 * 60_000).map(([n]) => n)).toEqual([4, 5, 6, 7, 8, 9])
    expect(shownEnds(cutting, 9_001 + 10 * 60_000)).toEqual([])
  })
  it('goes on after as many unhealthy windows as condemn it, so that its recovery is seen', () => {
    let cutting = startCutting(health, 0)
    // 12 sick windows, four times the failure threshold; then two healthy ones.
    for (let n = 1; n <= 30; n++) cutting = cut(cutting, n * 1_000, sample(n * 10, Math.min(n, 12) * 10))
    expect(cutting.succeededAt).toBe(14)
    expect(cutting.ends.map(([n]) => n)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })
  it('ends at the deadline when success never comes', () => {
    let cutting = startCutting({ ...health, deadlineMs: 3_000 }, 0)
    for (let n = 1; n <= 9; n++) cutting = cut(cutting, n * 1_000, sample(n, n))
    expect(cutting.n).toBe(3)
  })
  it('counts no run of success across a window that is missing', () => {
    let cutting = cut(startCutting(health, 0), 1_000, sample(1))
    cutting = cut(cutting, 3_000, sample(2))
    cutting = cut(cutting, 4_000, sample(3))
    expect(cutting.succeededAt).toBe(4)
  })
  it('cuts nothing after the execution is over', () => {
    const over = finishCutting(startCutting(health, 0), 500)
    expect(cut(over, 1_000, sample(1))).toBe(over)
  })
})
