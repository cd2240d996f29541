/** Durations in a spec: read as Go strings or integers, kept and written as Go strings. */
import * as z from 'zod'
import { formatGoDuration, fromNanoseconds, parseGoDuration, type ParsedDuration } from '../duration.ts'

interface DurationRule {
  /** What a bare integer counts. Expanso: seconds in `timeouts`, nanoseconds (Go's time.Duration) everywhere else. */
  readonly integersAre: 'seconds' | 'nanoseconds'
  readonly minMs?: number
  readonly maxMs?: number
}

export const durationSchema = ({ integersAre, minMs = 0, maxMs }: DurationRule) =>
  z
    .union([z.string(), z.number()], { error: 'expected a duration such as "30s"' })
    .transform((value, context) => {
      const parsed = typeof value === 'string' ? parseGoDuration(value) : fromInteger(value, integersAre)
      const message = parsed.ok ? outside(parsed.ms, minMs, maxMs) : parsed.message
      if (parsed.ok && message === undefined) return formatGoDuration(parsed.ms)
      const hint =
        typeof value === 'number'
          ? `An integer here counts ${integersAre}; "30s" says it plainly.`
          : parsed.ok
            ? `Give ${rangeOf(minMs, maxMs)}.`
            : undefined
      context.addIssue({
        code: 'custom',
        message: `${JSON.stringify(value)} ${message}`,
        ...(hint === undefined ? {} : { params: { hint } }),
      })
      return z.NEVER
    })
    .pipe(z.string())

const fromInteger = (value: number, integersAre: DurationRule['integersAre']): ParsedDuration => {
  if (!Number.isSafeInteger(value)) return { ok: false, message: 'is not a whole number that can be kept exactly' }
  return fromNanoseconds(BigInt(value) * (integersAre === 'seconds' ? 1_000_000_000n : 1n))
}

const rangeOf = (minMs: number, maxMs: number | undefined): string =>
  maxMs === undefined
    ? `at least ${formatGoDuration(minMs)}`
    : `${formatGoDuration(minMs)} to ${formatGoDuration(maxMs)}`

const outside = (ms: number, minMs: number, maxMs: number | undefined): string | undefined => {
  if (ms < minMs) return `is shorter than ${formatGoDuration(minMs)}`
  if (maxMs !== undefined && ms > maxMs) return `is longer than ${formatGoDuration(maxMs)}`
  return undefined
}
