// A value as JSON text: keys sorted, numbers as they were spelled, bytes as base64, and the characters that are unsafe
// inside HTML escaped, as the reference engine does.
import { EMPTY_LITERAL, Float, NumberText, Timestamp, Uint, sortedKeys, type Value } from './types.ts'
import { jsonFloat } from './number-text.ts'
import { formatRfc3339 } from '../time/rfc3339.ts'

export interface JsonLayout {
  /** One level of indentation; empty for a compact document. */
  readonly indent: string
  readonly escapeHtml: boolean
  /** Writes the literal `[]` as null, as it is while it was never assigned. */
  readonly emptyLiteralAsNull: boolean
}

const COMPACT: JsonLayout = { indent: '', escapeHtml: true, emptyLiteralAsNull: false }
const UNSAFE = /[<>&\u2028\u2029]/
const UNSAFE_ALL = /[<>&\u2028\u2029]/g
/** Nothing in it needs an escape of any kind. */
const ORDINARY = /^[ !#-%'-;=?-[\]-~]*$/
/** How JSON.stringify writes a byte that was never UTF-8. */
const BROKEN = /\\udc[89a-f][0-9a-f]/g
const SEPARATORS = /[\u2028\u2029]/g

/** A document that holds NaN or an infinity cannot be written as JSON. */
export class UnwritableError extends Error {
  override readonly name = 'UnwritableError'
}

export function formatJson(value: Value, layout: JsonLayout = COMPACT): string {
  return write(value, layout, '')
}

function write(value: Value, layout: JsonLayout, margin: string): string {
  switch (typeof value) {
    case 'string':
      return quoteJson(value, layout.escapeHtml)
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'symbol':
      return 'null'
    default:
      if (value === null) return 'null'
      if (Array.isArray(value)) return writeArray(value, layout, margin)
      if (value instanceof NumberText) return value.text
      if (value instanceof Float) return writeFloat(value)
      if (value instanceof Uint) return String(value.value)
      if (value instanceof Uint8Array) return `"${Buffer.from(value).toString('base64')}"`
      if (value instanceof Timestamp) return quoteJson(writeTime(value), layout.escapeHtml)
      return writeObject(value, layout, margin)
  }
}

function writeFloat(float: Float): string {
  if (!Number.isFinite(float.value)) throw new UnwritableError(`unsupported value: ${float.value}`)
  return jsonFloat(float.value, float.single)
}

function writeTime(time: Timestamp): string {
  const text = formatRfc3339(time)
  if (!/^\d{4}-/.test(text)) throw new UnwritableError('year outside of range [0,9999]')
  return text
}

function writeArray(items: readonly Value[], layout: JsonLayout, margin: string): string {
  if (items.length === 0) return layout.emptyLiteralAsNull && items === EMPTY_LITERAL ? 'null' : '[]'
  const inner = margin + layout.indent
  const [open, between, close] = joints(layout, margin, inner)
  let text = `[${open}`
  for (let i = 0; i < items.length; i++) text += (i === 0 ? '' : between) + write(items[i] ?? null, layout, inner)
  return `${text}${close}]`
}

function writeObject(object: { [key: string]: Value }, layout: JsonLayout, margin: string): string {
  const keys = sortedKeys(object)
  if (keys.length === 0) return '{}'
  const inner = margin + layout.indent
  const [open, between, close] = joints(layout, margin, inner)
  const colon = layout.indent === '' ? ':' : ': '
  let text = `{${open}`
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i] ?? ''
    text +=
      (i === 0 ? '' : between) + quoteJson(key, layout.escapeHtml) + colon + write(object[key] ?? null, layout, inner)
  }
  return `${text}${close}}`
}

function joints(layout: JsonLayout, margin: string, inner: string): readonly [string, string, string] {
  return layout.indent === '' ? ['', ',', ''] : [`\n${inner}`, `,\n${inner}`, `\n${margin}`]
}

function quoteJson(text: string, escapeHtml: boolean): string {
  if (ORDINARY.test(text)) return `"${text}"`
  const quoted = text.isWellFormed() ? JSON.stringify(text) : JSON.stringify(text).replace(BROKEN, String.raw`\ufffd`)
  if (!UNSAFE.test(quoted)) return quoted
  return quoted.replace(escapeHtml ? UNSAFE_ALL : SEPARATORS, escapeUnit)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
