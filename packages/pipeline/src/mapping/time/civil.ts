// Calendar fields of a point in time, and the offset a zone has at one. Years beyond what Date can hold are fine.
import type { Zone } from '../value/types.ts'

export interface Civil {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly nanosecond: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** 1 is the first of January. */
  readonly yearDay: number
}

export const UTC: Zone = { kind: 'fixed', offsetSeconds: 0, name: 'UTC' }
const NS = 1_000_000_000n
const DAY = 86_400

export function civil(epochNs: bigint, offsetSeconds: number): Civil {
  const nanosecond = Number(((epochNs % NS) + NS) % NS)
  const seconds = Number((epochNs - BigInt(nanosecond)) / NS) + offsetSeconds
  const days = Math.floor(seconds / DAY)
  const rest = seconds - days * DAY
  const { year, month, day } = dateOfDays(days)
  return {
    year,
    month,
    day,
    hour: Math.floor(rest / 3600),
    minute: Math.floor(rest / 60) % 60,
    second: rest % 60,
    nanosecond,
    weekday: (((days + 4) % 7) + 7) % 7,
    yearDay: days - daysOfDate(year, 1, 1) + 1,
  }
}

/** Days since 1970-01-01 of a proleptic Gregorian date (Howard Hinnant's algorithm). */
function daysOfDate(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function dateOfDays(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

export function daysInMonth(year: number, month: number): number {
  return daysOfDate(month === 12 ? year + 1 : year, month === 12 ? 1 : month + 1, 1) - daysOfDate(year, month, 1)
}

/** The point in time of calendar fields read at an offset. Fields beyond their range carry over. */
export function epochNs(
  date: { year: number; month: number; day: number },
  seconds: number,
  nanosecond: number,
  offsetSeconds: number,
): bigint {
  return BigInt(daysOfDate(date.year, date.month, date.day) * DAY + seconds - offsetSeconds) * NS + BigInt(nanosecond)
}

const formatters = new Map<string, Intl.DateTimeFormat>()

/** Seconds east of UTC. */
export function offsetAt(atNs: bigint, zone: Zone): number {
  if (zone.kind === 'fixed') return zone.offsetSeconds
  const seconds = Number(atNs / NS)
  return zoneOffset(zone.name, seconds)
}

function zoneOffset(name: string, seconds: number): number {
  let formatter = formatters.get(name)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formatters.set(name, formatter)
  }
  const clamped = Math.max(-8.64e12, Math.min(8.64e12, seconds))
  const parts = Object.fromEntries(formatter.formatToParts(clamped * 1000).map((part) => [part.type, part.value]))
  const era = parts['era'] === 'BC' ? 1 - Number(parts['year']) : Number(parts['year'])
  const local =
    daysOfDate(era, Number(parts['month']), Number(parts['day'])) * DAY +
    Number(parts['hour']) * 3600 +
    Number(parts['minute']) * 60 +
    Number(parts['second'])
  return local - clamped
}

/** A zone by its IANA name, or undefined when there is none. */
export function zoneNamed(name: string): Zone | undefined {
  if (name === '' || name === 'UTC') return UTC
  if (name === 'Local') return localZone()
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(name)) return undefined
  try {
    if (!formatters.has(name)) new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions()
    return { kind: 'named', name }
  } catch {
    return undefined
  }
}

let local: Zone | undefined

/** The zone of this process. */
export function localZone(): Zone {
  if (local === undefined) {
    const name = new Intl.DateTimeFormat().resolvedOptions().timeZone
    local = name === 'UTC' || name === 'Etc/UTC' ? UTC : { kind: 'named', name }
  }
  return local
}
