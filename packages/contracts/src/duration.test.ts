import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { durationMs, formatGoDuration, parseGoDuration } from './duration.ts'

const msOf = (text: string): number | string => {
  const parsed = parseGoDuration(text)
  return parsed.ok ? parsed.ms : parsed.message
}
const wholeMs = fc.integer({ min: 0, max: 292 * 365 * 24 * 3_600_000 })

describe('Go durations', () => {
  it.each([
    ['1h30m', 5_400_000],
    ['500ms', 500],
    ['1.5s', 1500],
    ['.5s', 500],
    ['1.s', 1000],
    ['1h0m0s', 3_600_000],
    ['0', 0],
    ['0s', 0],
    ['1m1m', 120_000],
    ['3000000ns', 3],
    ['2000us', 2],
    ['2000µs', 2],
    ['2000μs', 2],
    ['0.001s', 1],
    ['2540400h', 9_145_440_000_000],
  ])('reads %s as %i ms', (text, ms) => {
    expect(msOf(text)).toBe(ms)
  })

  it.each([
    ['', /empty/],
    ['10', /no unit/],
    ['-1s', /sign/],
    ['+1s', /sign/],
    ['5 minutes', /not a duration/],
    ['1d', /not a duration/],
    ['s', /not a duration/],
    ['.s', /not a duration/],
    ['1s ', /not a duration/],
    [' 1s', /not a duration/],
    ['1S', /not a duration/],
    ['1e3s', /not a duration/],
    ['1,5s', /not a duration/],
    ['1us', /finer than a millisecond/],
    ['0.0005s', /finer than a millisecond/],
    ['0.1ns', /finer than a nanosecond/],
    ['3000000h', /292 years/],
    [`${'9'.repeat(100)}h`, /too long/],
  ])('refuses %j', (text, why) => {
    expect(msOf(text)).toMatch(why)
  })

  test.prop([wholeMs])('a duration that was written is read back as it was', (ms) => {
    expect(durationMs(formatGoDuration(ms))).toBe(ms)
  })

  test.prop([wholeMs])('writing what was read from it gives the same text', (ms) => {
    const text = formatGoDuration(ms)
    expect(formatGoDuration(durationMs(text))).toBe(text)
  })

  test.prop([fc.nat(1000), fc.nat(10_000), fc.nat(100_000), fc.nat(1_000_000)])(
    'adds up its parts, in whatever order they stand',
    (h, m, s, ms) => {
      const expected = ((h * 60 + m) * 60 + s) * 1000 + ms
      expect(msOf(`${h}h${m}m${s}s${ms}ms`)).toBe(expected)
      expect(msOf(`${ms}ms${s}s${m}m${h}h`)).toBe(expected)
    },
  )

  it.each([-1, 0.5, Number.NaN, 2 ** 53])('does not write %d', (ms) => {
    expect(() => formatGoDuration(ms)).toThrow(RangeError)
  })
})
