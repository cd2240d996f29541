// What the operators do with two values. Two plain integers are the ordinary case and come first everywhere.
import { MappingError, MismatchError } from '../value/errors.ts'
import { comparable, equal } from '../value/equal.ts'
import { int, integerOf, needBoolean, needUnsigned, numberOf, plain } from '../value/number.ts'
import { stringOf } from '../value/text.ts'
import { Float, Uint, compareText, typeOf, type Integer, type Value } from '../value/types.ts'

/** What the two sides are called in errors. */
export interface Sides {
  readonly left: string
  readonly right: string
}

export type Binary = (left: Value, right: Value, sides: Sides) => Value

export const BINARY: Readonly<Record<string, Binary>> = {
  '*': multiply,
  '/': divide,
  '%': modulo,
  '+': add,
  '-': subtract,
  '==': (left, right) => isEqual(left, right),
  '!=': (left, right) => !isEqual(left, right),
  '>': (left, right, sides) => order(left, right, sides, (sign) => sign > 0),
  '>=': (left, right, sides) => order(left, right, sides, (sign) => sign >= 0),
  '<': (left, right, sides) => order(left, right, sides, (sign) => sign < 0),
  '<=': (left, right, sides) => order(left, right, sides, (sign) => sign <= 0),
}

function mismatch(verb: string, left: Value, right: Value, sides: Sides): MismatchError {
  return new MismatchError(
    `cannot ${verb} types ${typeOf(left)} (from ${sides.left}) and ${typeOf(right)} (from ${sides.right})`,
  )
}

interface Arithmetic {
  readonly verb: string
  readonly plain: (a: number, b: number) => number
  readonly wide: (a: bigint, b: bigint) => bigint
}

const ADD: Arithmetic = { verb: 'add', plain: (a, b) => a + b, wide: (a, b) => a + b }
const SUBTRACT: Arithmetic = { verb: 'subtract', plain: (a, b) => a - b, wide: (a, b) => a - b }
const MULTIPLY: Arithmetic = { verb: 'multiply', plain: (a, b) => a * b, wide: (a, b) => a * b }

function add(left: Value, right: Value, sides: Sides): Value {
  if (typeof left === 'string' || left instanceof Uint8Array) {
    const a = stringOf(left)
    const b = stringOf(right)
    if (a === undefined || b === undefined) throw mismatch('add', left, right, sides)
    return a + b
  }
  if (typeOf(left) !== 'number') throw mismatch('add', left, right, sides)
  return calculate(ADD, left, right, sides)
}

function subtract(left: Value, right: Value, sides: Sides): Value {
  return calculate(SUBTRACT, left, right, sides)
}

function multiply(left: Value, right: Value, sides: Sides): Value {
  return calculate(MULTIPLY, left, right, sides)
}

/** Floats win over integers, integers over unsigned ones; integers wrap around at 64 bits. */
function calculate(op: Arithmetic, left: Value, right: Value, sides: Sides): Value {
  const a = plain(left)
  const b = plain(right)
  if (typeof a === 'number' && typeof b === 'number') return whole(op, a, b)
  if (a instanceof Float || b instanceof Float) {
    const x = numberOf(a)
    const y = numberOf(b)
    if (x === undefined || y === undefined) throw mismatch(op.verb, a, b, sides)
    return new Float(op.plain(x, y))
  }
  if (isInteger(a) || isInteger(b)) {
    const x = integerOf(a)
    const y = integerOf(b)
    if (x === undefined || y === undefined) throw mismatch(op.verb, a, b, sides)
    return int(op.wide(BigInt(x), BigInt(y)))
  }
  if (!(a instanceof Uint) || !(b instanceof Uint)) throw mismatch(op.verb, a, b, sides)
  return new Uint(BigInt.asUintN(64, op.wide(a.value, b.value)))
}

function isInteger(value: Value): value is Integer {
  return typeof value === 'number' || typeof value === 'bigint'
}

function whole(op: Arithmetic, a: number, b: number): Integer {
  const result = op.plain(a, b)
  return Number.isSafeInteger(result) ? result + 0 : int(op.wide(BigInt(a), BigInt(b)))
}

function divide(left: Value, right: Value, sides: Sides): Value {
  const a = numberOf(left)
  const b = numberOf(right)
  if (a === undefined || b === undefined) throw mismatch('divide', left, right, sides)
  if (b === 0) throw new MappingError(`${sides.right}: attempted to divide by zero`)
  return new Float(a / b)
}

function modulo(left: Value, right: Value, sides: Sides): Value {
  const a = integerOf(left)
  const b = integerOf(right)
  if (a === undefined || b === undefined) throw mismatch('modulo', left, right, sides)
  if (b === 0) throw new MappingError(`${sides.right}: attempted to divide by zero`)
  return typeof a === 'number' && typeof b === 'number' ? (a % b) + 0 : int(BigInt(a) % BigInt(b))
}

function isEqual(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string') return left === right
  const a = comparable(left)
  if (typeof a === 'boolean') {
    try {
      return a === needBoolean(right)
    } catch {
      return false
    }
  }
  if (typeof a === 'number') return sign(left, right) === 0
  if (typeof a === 'string') return a === (stringOf(right) ?? comparable(right))
  return equal(left, right)
}

function order(left: Value, right: Value, sides: Sides, holds: (sign: number) => boolean): boolean {
  const a = comparable(left)
  if (typeof a === 'string') {
    const b = stringOf(right)
    if (b === undefined) throw mismatch('compare', left, right, sides)
    return holds(compareText(a, b))
  }
  const difference = typeof a === 'number' ? sign(left, right) : undefined
  if (difference === undefined) throw mismatch('compare', left, right, sides)
  return holds(difference)
}

/** Which of two numbers is larger: exact between integers; undefined when the right one is no number, NaN if either is. */
function sign(left: Value, right: Value): number | undefined {
  const a = plain(left)
  const b = plain(right)
  if (typeof a === 'number' && typeof b === 'number') return a - b
  if (numberOf(b) === undefined) return undefined
  if (isInteger(a) || isInteger(b)) {
    if (!(a instanceof Float) && !(b instanceof Float)) return spread(integerOf(a) ?? 0, integerOf(b) ?? 0)
  }
  if (a instanceof Uint && b instanceof Uint) return spread(needUnsigned(a), needUnsigned(b))
  const x = numberOf(a) ?? 0
  const y = numberOf(b) ?? 0
  return x === y ? 0 : x - y
}

function spread(a: Integer, b: Integer): number {
  return a === b || BigInt(a) === BigInt(b) ? 0 : a < b ? -1 : 1
}
