/**
 * Durations and sizes in a driver's config. They stay as they were written: the same check refuses a bad one when the job
 * is applied and again on the node, and whoever acts on it reads it with `millisOf` or `bytesOf`.
 */
import * as z from 'zod/mini'
import { durationMs, parseGoDuration } from '../duration.ts'
import { parseSize } from '../size.ts'

/** Between `minMs` and `maxMs`, which is a day unless it is given. */
export const durationText = ({ minMs = 0, maxMs = 24 * 3_600_000 } = {}) =>
  z.string().check(
    z.superRefine((text, context) => {
      const parsed = parseGoDuration(text)
      const message = !parsed.ok
        ? parsed.message
        : parsed.ms < minMs
          ? `is shorter than ${minMs} ms`
          : parsed.ms > maxMs
            ? `is longer than ${maxMs / 1000} s`
            : undefined
      if (message !== undefined)
        context.addIssue({ code: 'custom', input: text, message: `${JSON.stringify(text)} ${message}` })
    }),
  )

/** Bytes of a size in a config that was checked. */
export const bytesOf = (value: string | number): number => {
  const bytes = typeof value === 'number' ? value : parseSize(value)
  if (bytes === undefined) throw new RangeError(`${JSON.stringify(value)} is not a size`)
  return bytes
}

export const millisOf = durationMs

/** "512MiB", "2 GB", or bytes. */
export const sizeValue = ({ min = 1, max = Number.MAX_SAFE_INTEGER } = {}) =>
  z.union([z.string(), z.number()], { error: 'expected a size such as "512MiB", or bytes' }).check(
    z.superRefine((value, context) => {
      const bytes = typeof value === 'number' ? (Number.isSafeInteger(value) ? value : undefined) : parseSize(value)
      const message =
        bytes === undefined
          ? 'is not a size; write it like "512MiB"'
          : bytes < min
            ? `is less than ${min} bytes`
            : bytes > max
              ? `is more than ${max} bytes`
              : undefined
      if (message !== undefined)
        context.addIssue({ code: 'custom', input: value, message: `${JSON.stringify(value)} ${message}` })
    }),
  )
