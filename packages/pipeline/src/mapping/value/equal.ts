// Equality and order between any two values.
import { needBoolean, numberOf, plain } from './number.ts'
import { stringOf } from './text.ts'
import { Float, Uint, fieldOf, isObject, type Value } from './types.ts'

/** Equal as the language sees it: numbers by value whatever their form, arrays and objects deeply. */
export function equal(left: Value, right: Value): boolean {
  if (left === right) return true
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, i) => equal(item, right[i] ?? null))
    )
  }
  if (isObject(left)) {
    if (!isObject(right)) return false
    const keys = Object.keys(left)
    if (keys.length !== Object.keys(right).length) return false
    return keys.every((key) => {
      const other = fieldOf(right, key)
      return other !== undefined && equal(left[key] ?? null, other)
    })
  }
  const a = comparable(left)
  switch (typeof a) {
    case 'number':
      return a === numberOf(right)
    case 'boolean':
      return a === truth(right)
    case 'string':
      return a === stringOf(right)
    default:
      return false
  }
}

/** What the right side is when the left one is a boolean: numbers count too, but not the other way round. */
function truth(value: Value): boolean | undefined {
  return typeof value === 'boolean' || numberOf(value) !== undefined ? needBoolean(value) : undefined
}

/** Numbers as floats, bytes as text; the rest as it is. */
export function comparable(value: Value): Value | number {
  const simple = plain(value)
  if (simple instanceof Uint8Array) return Buffer.from(simple).toString()
  if (simple instanceof Float || simple instanceof Uint || typeof simple === 'bigint') return numberOf(simple) ?? null
  return simple
}
