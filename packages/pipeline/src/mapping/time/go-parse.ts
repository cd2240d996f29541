// Reading a point in time by a layout; the error sentences are those of Go's time package.
import { MappingError } from '../value/errors.ts'
import { Timestamp, type Zone } from '../value/types.ts'
import { UTC, daysInMonth, epochNs } from './civil.ts'
import { MONTHS, WEEKDAYS, layoutParts, type Element, type LayoutPart } from './go-layout.ts'

interface Reading {
  rest: string
  year: number
  month: number
  day: number
  yearDay: number
  hour: number
  minute: number
  second: number
  nanosecond: number
  pm: boolean | undefined
  zone: Zone | undefined
  range: string
}

/** @throws MappingError when the text does not follow the layout */
export function parseGoLayout(text: string, layout: string): Timestamp {
  const r: Reading = {
    rest: text,
    year: 0,
    month: -1,
    day: -1,
    yearDay: -1,
    hour: 0,
    minute: 0,
    second: 0,
    nanosecond: 0,
    pm: undefined,
    zone: undefined,
    range: '',
  }
  const subject = `parsing time ${JSON.stringify(text)}`
  const parts = layoutParts(layout)
  parts.forEach((part, i) => {
    const before = r.rest
    if (!read(r, part, parts[i + 1])) {
      throw new MappingError(
        `${subject} as ${JSON.stringify(layout)}: cannot parse ${JSON.stringify(part.element === 'literal' ? r.rest : before)} as ${JSON.stringify(part.text)}`,
      )
    }
    if (r.range !== '') throw new MappingError(`${subject}: ${r.range} out of range`)
  })
  if (r.rest !== '') throw new MappingError(`${subject}: extra text: ${JSON.stringify(r.rest)}`)
  return assemble(r, subject)
}

function assemble(r: Reading, subject: string): Timestamp {
  let { hour } = r
  if (r.pm === true && hour < 12) hour += 12
  if (r.pm === false && hour === 12) hour = 0
  let [month, day] = [r.month === -1 ? 1 : r.month, r.day === -1 ? 1 : r.day]
  if (r.yearDay >= 0) {
    const days = 337 + daysInMonth(r.year, 2)
    if (r.yearDay < 1 || r.yearDay > days) throw new MappingError(`${subject}: day-of-year out of range`)
    ;[month, day] = [1, r.yearDay]
  } else if (day < 1 || day > daysInMonth(r.year, month)) throw new MappingError(`${subject}: day out of range`)
  const zone = r.zone ?? UTC
  const offset = zone.kind === 'fixed' ? zone.offsetSeconds : 0
  const seconds = hour * 3600 + r.minute * 60 + r.second
  return new Timestamp(epochNs({ year: r.year, month, day }, seconds, r.nanosecond, offset), zone)
}

function read(r: Reading, part: LayoutPart, next: LayoutPart | undefined): boolean {
  const simple = FIELDS[part.element]
  if (simple !== undefined) return simple(r, next)
  switch (part.element) {
    case 'literal':
      return readLiteral(r, part.text)
    case 'zone':
      return readZone(r, part.text)
    case 'zoneName':
      return readZoneName(r)
    case 'fraction0':
      return readFraction(r, part.text.length - 1)
    case 'fraction9': {
      // Optional: a fraction may be written with any number of digits, or not at all.
      const digits = /^[.,]\d+/.exec(r.rest)?.[0]
      return digits === undefined || readFraction(r, digits.length - 1)
    }
    default:
      return false
  }
}

/** Runs of spaces in the layout match runs of spaces in the text. */
function readLiteral(r: Reading, literal: string): boolean {
  for (let at = 0; at < literal.length;) {
    if (literal[at] === ' ') {
      if (r.rest !== '' && !r.rest.startsWith(' ')) return false
      at += /^ +/.exec(literal.slice(at))?.[0].length ?? 1
      r.rest = r.rest.replace(/^ +/, '')
    } else {
      if (r.rest[0] !== literal[at]) return false
      r.rest = r.rest.slice(1)
      at++
    }
  }
  return true
}

function digits(r: Reading, pattern: RegExp): number | undefined {
  const found = pattern.exec(r.rest)?.[0]
  if (found === undefined) return undefined
  r.rest = r.rest.slice(found.length)
  return Number(found)
}

const ONE_OR_TWO = /^\d{1,2}/
const TWO = /^\d{2}/

function field(pattern: RegExp, low: number, high: number, range: string, put: (r: Reading, value: number) => void) {
  return (r: Reading): boolean => {
    const value = digits(r, pattern)
    if (value === undefined) return false
    if (value < low || value > high) r.range = range
    put(r, value)
    return true
  }
}

const putMonth = (r: Reading, value: number): void => void (r.month = value)
const putDay = (r: Reading, value: number): void => void (r.day = value)
const putHour = (r: Reading, value: number): void => void (r.hour = value)
const putMinute = (r: Reading, value: number): void => void (r.minute = value)

const FIELDS: Partial<Record<Element, (r: Reading, next: LayoutPart | undefined) => boolean>> = {
  longYear: field(/^\d{4}/, 0, 9999, 'year', (r, value) => void (r.year = value)),
  year: field(TWO, 0, 99, 'year', (r, value) => void (r.year = value >= 69 ? 1900 + value : 2000 + value)),
  numMonth: field(ONE_OR_TWO, 1, 12, 'month', putMonth),
  zeroMonth: field(TWO, 1, 12, 'month', putMonth),
  longMonth: (r) => readName(r, MONTHS, 99, putMonth),
  month: (r) => readName(r, MONTHS, 3, putMonth),
  longWeekday: (r) => readName(r, WEEKDAYS, 99, () => undefined),
  weekday: (r) => readName(r, WEEKDAYS, 3, () => undefined),
  day: field(ONE_OR_TWO, 0, 99, 'day', putDay),
  underDay: (r) => {
    r.rest = r.rest.replace(/^ /, '')
    return field(ONE_OR_TWO, 0, 99, 'day', putDay)(r)
  },
  zeroDay: field(TWO, 0, 99, 'day', putDay),
  underYearDay: (r) => {
    r.rest = r.rest.replace(/^ {1,2}/, '')
    return field(/^\d{1,3}/, 0, 999, 'day-of-year', (to, value) => void (to.yearDay = value))(r)
  },
  zeroYearDay: field(/^\d{3}/, 0, 999, 'day-of-year', (r, value) => void (r.yearDay = value)),
  hour: field(ONE_OR_TWO, 0, 23, 'hour', putHour),
  hour12: field(ONE_OR_TWO, 0, 12, 'hour', putHour),
  zeroHour12: field(TWO, 0, 12, 'hour', putHour),
  minute: field(ONE_OR_TWO, 0, 59, 'minute', putMinute),
  zeroMinute: field(TWO, 0, 59, 'minute', putMinute),
  second: (r, next) => readSecond(r, next, ONE_OR_TWO),
  zeroSecond: (r, next) => readSecond(r, next, TWO),
  PM: (r) => readHalf(r, /^[AP]M/),
  pm: (r) => readHalf(r, /^[ap]m/),
}

/** A fraction may follow the seconds even where the layout has none. */
function readSecond(r: Reading, next: LayoutPart | undefined, pattern: RegExp): boolean {
  if (!field(pattern, 0, 59, 'second', (to, value) => void (to.second = value))(r)) return false
  const fraction = /^[.,]\d+/.exec(r.rest)?.[0]
  const named = next?.element === 'fraction0' || next?.element === 'fraction9'
  return fraction === undefined || named || readFraction(r, fraction.length - 1)
}

function readFraction(r: Reading, count: number): boolean {
  const found = new RegExp(`^[.,]\\d{${count}}`).exec(r.rest)?.[0]
  if (found === undefined) return false
  r.nanosecond = Number(found.slice(1, 10).padEnd(9, '0'))
  r.rest = r.rest.slice(found.length)
  return true
}

function readHalf(r: Reading, pattern: RegExp): boolean {
  const found = pattern.exec(r.rest)?.[0]
  if (found === undefined) return false
  r.pm = found.toLowerCase() === 'pm'
  r.rest = r.rest.slice(2)
  return true
}

function readName(
  r: Reading,
  names: readonly string[],
  width: number,
  put: (r: Reading, value: number) => void,
): boolean {
  const rest = r.rest.toLowerCase()
  const index = names.findIndex((name) => rest.startsWith(name.slice(0, width).toLowerCase()))
  if (index === -1) return false
  r.rest = r.rest.slice((names[index] ?? '').slice(0, width).length)
  put(r, index + 1)
  return true
}

function readZone(r: Reading, element: string): boolean {
  if (element.startsWith('Z') && r.rest.startsWith('Z')) {
    r.rest = r.rest.slice(1)
    r.zone = UTC
    return true
  }
  const form = element.slice(1)
  const colon = form.includes(':') ? ':' : ''
  const count = form.replaceAll(':', '').length / 2
  const pattern = new RegExp(`^([+-])${Array.from({ length: count }, () => String.raw`(\d\d)`).join(colon)}`)
  const found = pattern.exec(r.rest)
  if (found === null) return false
  const [whole, sign, hours = '0', minutes = '0', seconds = '0'] = found
  if (Number(hours) > 24) r.range = 'time zone offset hour'
  if (Number(minutes) > 60) r.range = 'time zone offset minute'
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  r.zone = size === 0 ? UTC : { kind: 'fixed', offsetSeconds: sign === '-' ? -size : size, name: '' }
  r.rest = r.rest.slice(whole.length)
  return true
}

function readZoneName(r: Reading): boolean {
  const found = /^(?:UTC|GMT[+-]\d{1,2}|[A-Z]{3,5}|[+-]\d{2})/.exec(r.rest)?.[0]
  if (found === undefined) return false
  r.rest = r.rest.slice(found.length)
  const shift = /^GMT([+-]\d+)$/.exec(found)?.[1]
  r.zone = found === 'UTC' ? UTC : { kind: 'fixed', offsetSeconds: Number(shift ?? 0) * 3600, name: found }
  return true
}
