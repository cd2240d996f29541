// Durations in settings: `500ms`, `1m30s`, or a number of nanoseconds.
import { z } from 'zod'
import { parseDuration } from '../mapping/time/duration.ts'
import { MappingError } from '../mapping/value/errors.ts'

/** A duration in milliseconds between two bounds. */
export function durationMs(leastMs: number, mostMs: number): z.ZodType<number> {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const ms = typeof value === 'number' ? value / 1e6 : read(value)
    if (ms === undefined) {
      context.addIssue({ code: 'custom', message: `a duration such as 500ms or 1m30s is expected` })
      return z.NEVER
    }
    if (ms < leastMs || ms > mostMs) {
      context.addIssue({ code: 'custom', message: `must be between ${leastMs}ms and ${mostMs}ms` })
      return z.NEVER
    }
    return ms
  })
}

function read(text: string): number | undefined {
  try {
    return Number(parseDuration(text)) / 1e6
  } catch (error) {
    if (error instanceof MappingError) return undefined
    throw error
  }
}
