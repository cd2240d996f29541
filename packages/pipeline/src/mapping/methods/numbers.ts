// Methods on numbers, and over arrays of numbers.
import { floatArg, integerArg } from '../compile/args.ts'
import { param } from '../compile/params.ts'
import { bare, onValue, type MethodSpec } from '../compile/spec.ts'
import { MappingError, SourcedError, WrongTypeError, prefixed, wrongType } from '../value/errors.ts'
import { int, needInteger, needNumber, numberOf, plain } from '../value/number.ts'
import { Float, Uint, type Value } from '../value/types.ts'

export const NUMBERS: Record<string, MethodSpec> = {
  abs: onValue([], () => (value) => {
    const simple = numeric(value)
    if (simple instanceof Float) return new Float(Math.abs(simple.value))
    if (simple instanceof Uint) return simple
    return simple < 0 ? int(-BigInt(simple)) : simple
  }),
  ceil: rounding(Math.ceil),
  floor: rounding(Math.floor),
  round: rounding(awayFromZero),
  log: real(Math.log),
  log10: real(Math.log10),
  sin: angle(Math.sin),
  cos: angle(Math.cos),
  tan: angle(Math.tan),
  pow: onValue([param('exponent', 'float')], (args) => {
    const exponent = floatArg(args, 0)
    return (value) => new Float(needNumber(value) ** exponent)
  }),
  bitwise_and: bitwise((a, b) => a & b),
  bitwise_or: bitwise((a, b) => a | b),
  bitwise_xor: bitwise((a, b) => a ^ b),
  sum: onValue([], () => sum),
  min: extreme((candidate, best) => candidate < best),
  max: extreme((candidate, best) => candidate > best),
}

function numeric(value: Value): number | bigint | Float | Uint {
  const simple = plain(value)
  if (typeof simple === 'number' || typeof simple === 'bigint') return simple
  if (simple instanceof Float || simple instanceof Uint) return simple
  throw new WrongTypeError('number or integer', value)
}

function rounding(round: (value: number) => number): MethodSpec {
  return onValue([], () => (value) => {
    const simple = plain(value)
    if (!(simple instanceof Float)) {
      if (typeof simple === 'number' || typeof simple === 'bigint' || simple instanceof Uint) return simple
      throw new WrongTypeError('number or integer', value)
    }
    const rounded = round(simple.value)
    // What still fits an integer becomes one; the rest stays a float.
    return Math.abs(rounded) < 2 ** 63 ? int(BigInt(rounded)) : new Float(rounded)
  })
}

function awayFromZero(value: number): number {
  return value < 0 ? -Math.round(-value) : Math.round(value)
}

function real(apply: (value: number) => number): MethodSpec {
  return onValue([], () => (value) => new Float(apply(needNumber(value))))
}

function angle(apply: (value: number) => number): MethodSpec {
  return bare([], () => (value) => new Float(apply(needNumber(value))))
}

function bitwise(apply: (a: bigint, b: bigint) => bigint): MethodSpec {
  return onValue([param('value', 'integer')], (args) => {
    const right = BigInt(integerArg(args, 0))
    return (value) => int(apply(BigInt(needInteger(value)), right))
  })
}

function sum(value: Value): Value {
  if (!Array.isArray(value)) throw wrongType(value, 'array')
  let total = 0
  let failure: SourcedError | undefined
  for (const [i, item] of value.entries()) {
    const number = numberOf(item)
    if (number === undefined) failure = new SourcedError(`index ${i}: ${wrongType(item, 'number').message}`)
    else total += number
  }
  if (failure !== undefined) throw failure
  return new Float(total)
}

function element(item: Value, place: string): number {
  try {
    return needNumber(item)
  } catch (error) {
    throw prefixed(place, error)
  }
}

function extreme(better: (candidate: number, best: number) => boolean): MethodSpec {
  return onValue([], () => (value) => {
    if (!Array.isArray(value)) throw wrongType(value, 'array')
    if (value.length === 0) throw new MappingError('the array was empty')
    let best: number | undefined
    for (const [i, item] of value.entries()) {
      const number = element(item, `index ${i} of array`)
      if (best === undefined || better(number, best)) best = number
    }
    return best === undefined ? null : new Float(best)
  })
}
