// The values a mapping works on. Integers are the ordinary case and stay plain JavaScript numbers; everything a plain
// number cannot say (a float, a number beyond 2^53, a number whose source text must survive) has a form of its own.

/** A 64-bit float. `single` marks one that was narrowed to 32 bits, which prints with fewer digits. */
export class Float {
  readonly value: number
  readonly single: boolean
  constructor(value: number, single = false) {
    this.value = value
    this.single = single
  }
}

/** An unsigned 64-bit integer; it only comes from the `uint*` methods. */
export class Uint {
  readonly value: bigint
  constructor(value: bigint) {
    this.value = value
  }
}

/** A number as the input spelled it: it keeps its text until an operation touches it. */
export class NumberText {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** A point in time with nanoseconds, seen from a zone: an IANA name, or a fixed offset in seconds. */
export class Timestamp {
  readonly epochNs: bigint
  readonly zone: Zone
  constructor(epochNs: bigint, zone: Zone) {
    this.epochNs = epochNs
    this.zone = zone
  }
}

export type Zone =
  | { readonly kind: 'fixed'; readonly offsetSeconds: number; readonly name: string }
  | { readonly kind: 'named'; readonly name: string }

/** The result that deletes what it is assigned to. */
export const DELETED = Symbol('deleted')
/** The result that leaves what it is assigned to as it was. */
export const NOTHING = Symbol('nothing')

/**
 * The literal `[]`. Unassigned it is written as `null` (by `format_json`, say); assigned it is an ordinary empty array.
 */
export const EMPTY_LITERAL: Value[] = []
Object.freeze(EMPTY_LITERAL)

/** An integer is a `number` when it is safe (never a fraction, never -0), else a `bigint` within 64 signed bits. */
export type Integer = number | bigint
export type ObjectValue = { [key: string]: Value }
export type Value =
  | null
  | boolean
  | Integer
  | Float
  | Uint
  | NumberText
  | string
  | Uint8Array
  | Timestamp
  | Value[]
  | ObjectValue
  | typeof DELETED
  | typeof NOTHING

export type TypeName =
  | 'null'
  | 'bool'
  | 'number'
  | 'string'
  | 'bytes'
  | 'timestamp'
  | 'array'
  | 'object'
  | 'delete'
  | 'nothing'

export function typeOf(value: Value): TypeName {
  switch (typeof value) {
    case 'string':
      return 'string'
    case 'number':
    case 'bigint':
      return 'number'
    case 'boolean':
      return 'bool'
    case 'symbol':
      return value === DELETED ? 'delete' : 'nothing'
    default:
      if (value === null) return 'null'
      if (Array.isArray(value)) return 'array'
      if (value instanceof NumberText || value instanceof Float || value instanceof Uint) return 'number'
      if (value instanceof Uint8Array) return 'bytes'
      return value instanceof Timestamp ? 'timestamp' : 'object'
  }
}

export function isObject(value: Value | undefined): value is ObjectValue {
  return typeof value === 'object' && value !== null && typeOf(value) === 'object'
}

/** Own fields only: a document may well have a field called `toString`. */
export function fieldOf(object: ObjectValue, key: string): Value | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** Sets a field even when it is called `__proto__`. */
export function putField(object: ObjectValue, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
  } else object[key] = value
}

export function objectFrom(entries: Iterable<readonly [string, Value]>): ObjectValue {
  const object: ObjectValue = {}
  for (const [key, value] of entries) putField(object, key, value)
  return object
}

/** Keys in the order of their UTF-8 bytes: the order documents are printed in. */
export function sortedKeys(object: ObjectValue): string[] {
  const keys = Object.keys(object)
  if (keys.length < 2) return keys
  keys.sort()
  // The runtime's own order is that of UTF-16, and differs only where such characters are about.
  return keys.some((key) => BEYOND.test(key)) ? keys.sort(compareText) : keys
}

const BEYOND = /[\ud800-\uffff]/

/** Orders strings by code point, which is the order of their UTF-8 bytes (UTF-16 order differs beyond U+FFFF). */
export function compareText(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length)
  for (let i = 0; i < shorter; i++) {
    const x = a.charCodeAt(i)
    const y = b.charCodeAt(i)
    if (x !== y) return surrogateLast(x) - surrogateLast(y)
  }
  return a.length - b.length
}

function surrogateLast(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
