/** Instants that others send: milliseconds since the epoch that a date can show. Beyond that, showing one throws. */
import * as z from 'zod/mini'

/** The last millisecond that `Date` knows, in the year 275760. */
export const LAST_INSTANT = 8_640_000_000_000_000

export const instantSchema = z.int().check(z.nonnegative(), z.maximum(LAST_INSTANT))

export const isInstant = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= LAST_INSTANT
