// Writing a point in time by a layout.
import type { Timestamp, Zone } from '../value/types.ts'
import { civil, offsetAt, type Civil } from './civil.ts'
import { MONTHS, WEEKDAYS, layoutParts, type LayoutPart } from './go-layout.ts'

export function formatGoLayout(time: Timestamp, layout: string): string {
  const offset = offsetAt(time.epochNs, time.zone)
  const c = civil(time.epochNs, offset)
  let text = ''
  for (const part of layoutParts(layout)) text += element(part, c, offset, time)
  return text
}

function element(part: LayoutPart, c: Civil, offset: number, time: Timestamp): string {
  const month = MONTHS[c.month - 1] ?? ''
  const weekday = WEEKDAYS[c.weekday] ?? ''
  const hour12 = c.hour % 12 === 0 ? 12 : c.hour % 12
  switch (part.element) {
    case 'literal':
      return part.text
    case 'longMonth':
      return month
    case 'month':
      return month.slice(0, 3)
    case 'numMonth':
      return String(c.month)
    case 'zeroMonth':
      return pad(c.month)
    case 'longWeekday':
      return weekday
    case 'weekday':
      return weekday.slice(0, 3)
    case 'day':
      return String(c.day)
    case 'underDay':
      return String(c.day).padStart(2)
    case 'zeroDay':
      return pad(c.day)
    case 'underYearDay':
      return String(c.yearDay).padStart(3)
    case 'zeroYearDay':
      return pad(c.yearDay, 3)
    case 'hour':
      return pad(c.hour)
    case 'hour12':
      return String(hour12)
    case 'zeroHour12':
      return pad(hour12)
    case 'minute':
      return String(c.minute)
    case 'zeroMinute':
      return pad(c.minute)
    case 'second':
      return String(c.second)
    case 'zeroSecond':
      return pad(c.second)
    case 'longYear':
      return c.year < 0 ? `-${pad(-c.year, 4)}` : pad(c.year, 4)
    case 'year':
      return pad(((c.year % 100) + 100) % 100)
    case 'PM':
      return c.hour >= 12 ? 'PM' : 'AM'
    case 'pm':
      return c.hour >= 12 ? 'pm' : 'am'
    case 'zoneName':
      return zoneAbbreviation(time, offset)
    case 'zone':
      return zoneOffset(part.text, offset)
    case 'fraction0':
      return (
        part.text.slice(0, 1) +
        pad(c.nanosecond, 9)
          .slice(0, part.text.length - 1)
          .padEnd(part.text.length - 1, '0')
      )
    case 'fraction9':
      return trimmedFraction(part.text, c.nanosecond)
  }
}

function trimmedFraction(element: string, nanosecond: number): string {
  const digits = pad(nanosecond, 9)
    .slice(0, element.length - 1)
    .replace(/0+$/, '')
  return digits === '' ? '' : element.slice(0, 1) + digits
}

function zoneOffset(element: string, offset: number): string {
  if (element.startsWith('Z') && offset === 0) return 'Z'
  const size = Math.abs(offset)
  const [hours, minutes, seconds] = [Math.trunc(size / 3600), Math.trunc(size / 60) % 60, size % 60].map((n) => pad(n))
  const form = element.slice(1)
  const separator = form.includes(':') ? ':' : ''
  const sign = offset < 0 ? '-' : '+'
  if (form === '07') return `${sign}${hours}`
  const withMinutes = `${sign}${hours}${separator}${minutes}`
  return form.length > 5 ? `${withMinutes}${separator}${seconds}` : withMinutes
}

/** `CET` and the like; an offset where the zone has no name of its own. */
function zoneAbbreviation(time: Timestamp, offset: number): string {
  const name = abbreviationOf(time.zone, Number(time.epochNs / 1_000_000n))
  if (name !== '') return name
  const size = Math.abs(offset)
  const minutes = Math.trunc(size / 60) % 60
  return `${offset < 0 ? '-' : '+'}${pad(Math.trunc(size / 3600))}${minutes === 0 ? '' : pad(minutes)}`
}

function abbreviationOf(zone: Zone, epochMs: number): string {
  if (zone.kind === 'fixed') return zone.name
  for (const locale of ['en-US', 'en-GB', 'en-AU', 'en-IN', 'en-ZA']) {
    const parts = new Intl.DateTimeFormat(locale, { timeZone: zone.name, timeZoneName: 'short' }).formatToParts(epochMs)
    const name = parts.find((part) => part.type === 'timeZoneName')?.value ?? ''
    if (/^[A-Z]{2,5}$/.test(name) && name !== 'GMT') return name
    if (name === 'GMT' && zone.name.startsWith('Europe/')) return name
  }
  return ''
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0')
}
