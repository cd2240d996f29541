// Values as text and bytes, and text as the bytes the language counts in.
import { isUtf8 } from 'node:buffer'
import { wrongType } from './errors.ts'
import { UnwritableError, formatJson } from './format-json.ts'
import { goFloat } from './number-text.ts'
import { Float, NumberText, Timestamp, type Value } from './types.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'

/**
 * The bytes of a text. A byte that was never UTF-8 (half of a character, cut off by `slice`) lives in a string as a lone
 * surrogate from U+DC80 on, and comes back out as that byte.
 */
export function utf8(text: string): Uint8Array {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8')
  return Buffer.concat(Array.from(text, (c) => (isByte(c) ? Buffer.from([c.charCodeAt(0) - 0xdc00]) : Buffer.from(c))))
}

function isByte(character: string): boolean {
  return character.length === 1 && character >= '\udc80' && character <= '\udcff'
}

/** The text of bytes; see `utf8` for those that are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return isUtf8(buffer) ? buffer.toString('utf8') : brokenText(buffer)
}

function brokenText(bytes: Buffer): string {
  let text = ''
  for (let at = 0; at < bytes.length;) {
    const size = [1, 2, 3, 4].find((length) => at + length <= bytes.length && isUtf8(bytes.subarray(at, at + length)))
    text += size === undefined ? String.fromCharCode(0xdc00 + (bytes[at] ?? 0)) : bytes.toString('utf8', at, at + size)
    at += size ?? 1
  }
  return text
}

/** Length in UTF-8 bytes. */
export function byteLength(text: string): number {
  return text.isWellFormed() ? Buffer.byteLength(text, 'utf8') : utf8(text).length
}

/** Any value as text: strings as they are, the rest as JSON. */
export function toText(value: Value): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return textOf(value)
  if (value instanceof NumberText) return value.text
  if (value instanceof Float && !value.single) return goFloat(value.value, 6)
  if (value instanceof Timestamp) return formatRfc3339(value)
  return jsonOrNull(value)
}

export function toBytes(value: Value): Uint8Array {
  return value instanceof Uint8Array ? value : utf8(toText(value))
}

/** JSON, or `null` for a document JSON cannot express. */
function jsonOrNull(value: Value): string {
  try {
    return formatJson(value)
  } catch (error) {
    if (error instanceof UnwritableError) return 'null'
    throw error
  }
}

/** The text of a string, of bytes or of a point in time. */
export function stringOf(value: Value): string | undefined {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return textOf(value)
  return value instanceof Timestamp ? formatRfc3339(value) : undefined
}

export function needString(value: Value): string {
  const text = stringOf(value)
  if (text === undefined) throw wrongType(value, 'string')
  return text
}
