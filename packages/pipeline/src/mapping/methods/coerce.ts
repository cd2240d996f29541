// Methods that turn a value into another type.
import { flagArg, floatArg } from '../compile/args.ts'
import { optional, type Args } from '../compile/params.ts'
import { bare, onQuery, onValue, type MethodSpec } from '../compile/spec.ts'
import type { Step } from '../compile/step.ts'
import { timestampOf } from '../time/timestamp.ts'
import { MappingError, errorFrom, wrongType } from '../value/errors.ts'
import { int, numberOf, parseInteger } from '../value/number.ts'
import { toBytes, toText, textOf } from '../value/text.ts'
import { Float, NumberText, Uint, type Integer, type Value } from '../value/types.ts'

export const COERCE: Record<string, MethodSpec> = {
  bool: onQuery([optional('default', 'bool')], (target, args) =>
    orDefault(target, args[0] === undefined ? undefined : flagArg(args, 0), toBoolean),
  ),
  bytes: onValue([], () => toBytes),
  number: onQuery([optional('default', 'float')], (target, args) =>
    orDefault(
      target,
      args[0] === undefined ? undefined : new Float(floatArg(args, 0)),
      (value) => new Float(toFloat(value)),
    ),
  ),
  string: onValue([], () => toText),
  timestamp: onQuery([optional('default', 'timestamp')], (target, args) =>
    orDefault(target, defaultOf(args), timestampOf),
  ),
  float64: bare([], () => (value) => new Float(toFloat(value))),
  float32: bare([], () => (value) => new Float(Math.fround(toFloat(value)), true)),
  int64: bare([], () => toInteger),
  int32: signed(32),
  int16: signed(16),
  int8: signed(8),
  uint64: bare([], () => (value) => new Uint(toUnsigned(value))),
  uint32: unsigned(32),
  uint16: unsigned(16),
  uint8: unsigned(8),
}

function defaultOf(args: Args): Value | undefined {
  return args[0] as Value | undefined
}

function orDefault(target: Step, fallback: Value | undefined, convert: (value: Value) => Value): Step['run'] {
  return (frame) => {
    try {
      return convertFrom(target, target.run(frame), convert)
    } catch (error) {
      if (fallback === undefined || !(error instanceof MappingError)) throw error
      return fallback
    }
  }
}

function convertFrom(target: Step, value: Value, convert: (value: Value) => Value): Value {
  try {
    return convert(value)
  } catch (error) {
    throw errorFrom(error, target.label)
  }
}

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True'])
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False'])

function toBoolean(value: Value): boolean {
  if (typeof value === 'boolean') return value
  if (value instanceof NumberText) return value.text !== '0'
  const number = numberOf(value)
  if (number !== undefined) return number !== 0
  if (typeof value !== 'string' && !(value instanceof Uint8Array)) throw wrongType(value, 'bool')
  const text = toText(value)
  if (TRUE.has(text)) return true
  if (FALSE.has(text)) return false
  throw new MappingError(`'${text}' is not a boolean`)
}

const FLOAT = /^[+-]?(?:\d[\d]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/

function toFloat(value: Value): number {
  const text = value instanceof Uint8Array ? textOf(value) : value
  if (typeof text !== 'string') {
    const number = numberOf(text)
    if (number === undefined) throw wrongType(value, 'number')
    return number
  }
  if (FLOAT.test(text)) return ranged(Number(text), text)
  const special = /^[+-]?(?:inf(?:inity)?|nan)$/i.exec(text)?.[0].toLowerCase()
  if (special === undefined) throw parseFailure('ParseFloat', text, 'invalid syntax')
  if (special.endsWith('nan')) {
    if (special !== 'nan') throw parseFailure('ParseFloat', text, 'invalid syntax')
    return Number.NaN
  }
  return special.startsWith('-') ? -Infinity : Infinity
}

function ranged(value: number, text: string): number {
  if (Number.isFinite(value)) return value
  throw parseFailure('ParseFloat', text, 'value out of range')
}

function parseFailure(how: string, text: string, why: string): MappingError {
  return new MappingError(`strconv.${how}: parsing ${JSON.stringify(text)}: ${why}`)
}

function toInteger(value: Value): Integer {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  if (value instanceof Uint) {
    if (value.value > 2n ** 63n - 1n) {
      throw new MappingError('unsigned integer value is too large to be cast as a signed integer')
    }
    return int(value.value)
  }
  if (value instanceof Float) return floatToInteger(value.value)
  if (value instanceof NumberText) return strictInteger(value.text)
  if (typeof value === 'string' || value instanceof Uint8Array) return prefixedInteger(toText(value), 'ParseInt')
  throw wrongType(value, 'number')
}

function floatToInteger(value: number): Integer {
  refuseOdd(value)
  if (value > 2 ** 63) throw new MappingError('float value is too large to be cast as a signed integer')
  if (value < -(2 ** 63)) throw new MappingError('float value is too small to be cast as a signed integer')
  refuseFraction(value, 'a signed')
  return int(BigInt(value))
}

function refuseOdd(value: number): void {
  if (Number.isNaN(value)) throw new MappingError('cannot convert NAN to an integer')
  if (!Number.isFinite(value)) throw new MappingError('cannot convert +/-INF to an integer')
}

function refuseFraction(value: number, kind: string): void {
  if (Number.isInteger(value)) return
  const advice = 'if you intend to round the value then call `.round()` explicitly before this cast'
  throw new MappingError(`float value contains decimals and therefore cannot be cast as ${kind} integer, ${advice}`)
}

function strictInteger(text: string): Integer {
  const value = parseInteger(text)
  if (value !== undefined) return value
  throw parseFailure('ParseInt', text, /^[+-]?\d+$/.test(text) ? 'value out of range' : 'invalid syntax')
}

const BASES: Readonly<Record<string, RegExp>> = {
  '0x': /^[0-9a-f](?:_?[0-9a-f])*$/i,
  '0o': /^[0-7](?:_?[0-7])*$/,
  '0b': /^[01](?:_?[01])*$/,
}

/** Text as an integer; a prefix such as `0x` chooses the base, and underscores may stand between digits. */
function prefixedInteger(text: string, how: 'ParseInt' | 'ParseUint'): Integer {
  const wide = wideInteger(text, how)
  const [least, most] = how === 'ParseInt' ? [-(2n ** 63n), 2n ** 63n - 1n] : [0n, 2n ** 64n - 1n]
  if (wide < least || wide > most) throw parseFailure(how, text, 'value out of range')
  return how === 'ParseInt' ? int(wide) : wide
}

function wideInteger(text: string, how: 'ParseInt' | 'ParseUint'): bigint {
  const sign = how === 'ParseInt' ? (/^[+-]/.exec(text)?.[0] ?? '') : ''
  const body = text.slice(sign.length)
  const prefix = body.slice(0, 2).toLowerCase()
  const form = BASES[prefix]
  let digits: string | undefined
  if (form !== undefined) {
    const rest = body.slice(2).replace(/^_/, '')
    digits = form.test(rest) ? prefix + rest.replaceAll('_', '') : undefined
  } else if (/^0(?:_?[0-7])+$/.test(body)) digits = `0o${body.slice(1).replaceAll('_', '')}`
  else if (/^(?:0|[1-9](?:_?\d)*)$/.test(body)) digits = body.replaceAll('_', '')
  if (digits === undefined) throw parseFailure(how, text, 'invalid syntax')
  return sign === '-' ? -BigInt(digits) : BigInt(digits)
}

function toUnsigned(value: Value): bigint {
  if (value instanceof Uint) return value.value
  if (typeof value === 'number' || typeof value === 'bigint') {
    if (value >= 0) return BigInt(value)
    throw new MappingError('signed integer value is negative and cannot be cast as an unsigned integer')
  }
  if (value instanceof Float) return floatToUnsigned(value.value)
  if (value instanceof NumberText) return toUnsigned(strictInteger(value.text))
  if (typeof value === 'string' || value instanceof Uint8Array)
    return BigInt(prefixedInteger(toText(value), 'ParseUint'))
  throw wrongType(value, 'number')
}

function floatToUnsigned(value: number): bigint {
  if (value < 0) throw new MappingError('float value is negative and cannot be cast as an unsigned integer')
  refuseOdd(value)
  if (value > 2 ** 64) throw new MappingError('float value is too large to be cast as an unsigned integer')
  refuseFraction(value, 'an unsigned')
  return BigInt(value)
}

function signed(bits: number): MethodSpec {
  const limit = 2 ** (bits - 1)
  const kind = `${bits === 8 ? 'an' : 'a'} ${bits}-bit signed integer`
  return bare([], () => (value) => {
    const integer = toInteger(value)
    if (integer >= limit) throw new MappingError(`value is too large to be cast as ${kind}`)
    if (integer < -limit) throw new MappingError(`value is too small to be cast as ${kind}`)
    return integer
  })
}

function unsigned(bits: number): MethodSpec {
  const limit = 2n ** BigInt(bits)
  const kind = `${bits === 8 ? 'an' : 'a'} ${bits}-bit unsigned integer`
  return bare([], () => (value) => {
    const integer = toUnsigned(value)
    if (integer >= limit) throw new MappingError(`value is too large to be cast as ${kind}`)
    return new Uint(integer)
  })
}
