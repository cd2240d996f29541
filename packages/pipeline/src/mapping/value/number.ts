// Integers of 64 bits and what touches them: wrap-around, and reading a number out of any numeric form.
import { MappingError, wrongType } from './errors.ts'
import { Float, NumberText, Timestamp, Uint, type Integer, type Value } from './types.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'

const MIN_INT = -(2n ** 63n)
const MAX_INT = 2n ** 63n - 1n

/** Brings an integer result back into 64 signed bits, and into the plain form where that is exact. */
export function int(value: bigint): Integer {
  const wrapped = BigInt.asIntN(64, value)
  return wrapped >= -9007199254740991n && wrapped <= 9007199254740991n ? Number(wrapped) : wrapped
}

/** Truncates like a conversion of a 64-bit float to a 64-bit integer on amd64: what does not fit becomes the least one. */
function truncate(value: number): Integer {
  if (!Number.isFinite(value) || value >= 2 ** 63 || value < -(2 ** 63)) return int(MIN_INT)
  const whole = Math.trunc(value)
  return Number.isSafeInteger(whole) ? whole + 0 : int(BigInt(whole))
}

export function parseInteger(text: string): Integer | undefined {
  if (!/^[+-]?\d+$/.test(text)) return undefined
  const plain = Number(text)
  if (Number.isSafeInteger(plain)) return plain + 0
  const wide = BigInt(text.startsWith('+') ? text.slice(1) : text)
  return wide < MIN_INT || wide > MAX_INT ? undefined : int(wide)
}

/** The numeric forms an operator meets after the source text, if any, has been read. */
export type Plain = Exclude<Value, NumberText | Timestamp>

/** Reads the source text of numbers, and turns points in time into text. */
export function plain(value: Value): Plain {
  if (value instanceof NumberText) {
    const whole = parseInteger(value.text)
    if (whole !== undefined) return whole
    const float = Number(value.text)
    return Number.isFinite(float) ? new Float(float) : value.text
  }
  if (value instanceof Timestamp) return formatRfc3339(value)
  return value
}

/** The value as a 64-bit float, or undefined when it is no number. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof NumberText) return finiteText(value.text)
  if (value instanceof Float) return value.value
  return value instanceof Uint ? Number(value.value) : undefined
}

function finiteText(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value)) return value
  throw new MappingError(`strconv.ParseFloat: parsing ${JSON.stringify(text)}: value out of range`)
}

/** The value as a 64-bit integer, fractions cut off; undefined when it is no number. */
export function integerOf(value: Value): Integer | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (value instanceof NumberText) return parseInteger(value.text) ?? truncate(finiteText(value.text))
  if (value instanceof Float) return truncate(value.value)
  return value instanceof Uint ? int(value.value) : undefined
}

export function needNumber(value: Value): number {
  const number = numberOf(value)
  if (number === undefined) throw wrongType(value, 'number')
  return number
}

export function needInteger(value: Value): Integer {
  const integer = integerOf(value)
  if (integer === undefined) throw wrongType(value, 'number')
  return integer
}

/** The value as a boolean: numbers count as true unless they are zero. */
export function needBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (value instanceof NumberText) return value.text !== '0'
  const number = numberOf(value)
  if (number === undefined) throw wrongType(value, 'bool')
  return number !== 0
}

/** An unsigned integer out of a number that is not negative. */
export function needUnsigned(value: Value): bigint {
  if (value instanceof Uint) return value.value
  const simple = plain(value)
  if (typeof simple === 'number' || typeof simple === 'bigint') {
    if (simple >= 0) return BigInt(simple)
    throw new MappingError('signed integer value is negative and cannot be cast as an unsigned integer')
  }
  if (simple instanceof Float) {
    if (simple.value < 0) {
      throw new MappingError('float value is negative and cannot be cast as an unsigned integer')
    }
    return BigInt.asUintN(64, BigInt(Math.trunc(simple.value)))
  }
  throw wrongType(value, 'number')
}
