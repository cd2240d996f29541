// Numbers and strings as the language writes them.
import { Float, type Integer } from '../value/types.ts'
import { textOf } from '../value/text.ts'
import { parseInteger } from '../value/number.ts'
import { miss, refuse, takePattern, type Source } from './source.ts'

const NUMBER = /-?\d+(?:\.\d+)?/y

export function number(source: Source): Integer | Float | undefined {
  const start = source.at
  const text = takePattern(source, NUMBER, 'number')
  if (text === undefined) return undefined
  if (text.includes('.')) return new Float(Number(text))
  // The sign is applied after the digits were read, so the least integer cannot be written.
  const value = parseInteger(text.replace('-', ''))
  if (value === undefined)
    refuse(source, `failed to parse '${text.replace('-', '')}' as integer: value out of range`, start)
  return text.startsWith('-') ? negate(value) : value
}

function negate(value: Integer): Integer {
  return typeof value === 'number' ? 0 - value : -value
}

/** `"""..."""`: everything in between as it stands. */
export function tripleQuoted(source: Source): string | undefined {
  const start = source.at
  // Below six characters there is no room for both quotes; the text then reads as an ordinary string.
  if (source.text.length - start < 6 || !source.text.startsWith('"""', start))
    return miss(source, start, 'quoted string')
  const end = source.text.indexOf('"""', start + 3)
  if (end === -1) refuse(source, 'required: expected end triple-quote', source.text.length)
  source.at = end + 3
  return source.text.slice(start + 3, end)
}

export function quoted(source: Source): string | undefined {
  const start = source.at
  if (source.text[start] !== '"') return miss(source, start, 'quoted string')
  const end = closingQuote(source.text, start + 1)
  if (end === -1) refuse(source, 'required: expected end quote', source.text.length)
  const value = unescape(source.text.slice(start + 1, end))
  if (value === undefined) refuse(source, 'failed to unescape quoted string contents: invalid syntax', start)
  source.at = end + 1
  return value
}

function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') return at
    if (text[at] === '\\') at++
  }
  return -1
}

const SIMPLE: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
}
const ESCAPE = /\\(?:([abfnrtv\\"])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3}))/y

/** The content of a quoted string, or undefined when an escape or a line break in it is not allowed. */
function unescape(inner: string): string | undefined {
  if (inner.includes('\n')) return undefined
  if (!inner.includes('\\')) return inner
  const parts: Buffer[] = []
  for (let at = 0; at < inner.length;) {
    const next = inner.indexOf('\\', at)
    if (next !== at) {
      parts.push(Buffer.from(inner.slice(at, next === -1 ? inner.length : next)))
      at = next === -1 ? inner.length : next
      continue
    }
    ESCAPE.lastIndex = at
    const match = ESCAPE.exec(inner)
    const part = match === null ? undefined : escaped(match)
    if (match === null || part === undefined) return undefined
    parts.push(part)
    at += match[0].length
  }
  return textOf(Buffer.concat(parts))
}

function escaped(match: RegExpExecArray): Buffer | undefined {
  const [, simple, hex, short, long, octal] = match
  if (simple !== undefined) return Buffer.from(SIMPLE[simple] ?? '')
  if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)])
  if (octal !== undefined) {
    const byte = Number.parseInt(octal, 8)
    return byte > 255 ? undefined : Buffer.from([byte])
  }
  const point = Number.parseInt(short ?? long ?? '', 16)
  if (point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return undefined
  return Buffer.from(String.fromCodePoint(point))
}
