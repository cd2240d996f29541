// JSON text to values without losing how a number was spelled. Documents whose numbers cannot lose anything take the
// runtime's own parser; the rest take the one below.
import { MappingError } from './errors.ts'
import { NumberText, putField, type ObjectValue, type Value } from './types.ts'

/** The text is not one JSON document; the sentence is the one Go's decoder gives. */
export class JsonSyntaxError extends MappingError {
  override readonly name = 'JsonSyntaxError'
}

const MAX_DEPTH = 10_000
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
// eslint-disable-next-line no-control-regex -- control characters may not stand in a JSON string
const ODD = /[\\\u0000-\u001f]/
// eslint-disable-next-line no-control-regex -- as above
const PLAIN = /[^"\\\u0000-\u001f]*/y

export function parseJson(text: string): Value {
  const reader: Reader = { text, at: 0, depth: 0 }
  skipSpace(reader)
  const value = readValue(reader)
  skipSpace(reader)
  if (reader.at < text.length) throw trailing(reader)
  return value
}

interface Reader {
  readonly text: string
  at: number
  depth: number
}

function trailing(reader: Reader): JsonSyntaxError {
  const rest: Reader = { text: reader.text, at: reader.at, depth: 0 }
  try {
    readValue(rest)
    return new JsonSyntaxError('message contains multiple valid documents')
  } catch {
    return unexpected(reader, 'after top-level value')
  }
}

function readValue(reader: Reader): Value {
  const unit = reader.text[reader.at]
  switch (unit) {
    case '{':
      return readObject(reader)
    case '[':
      return readArray(reader)
    case '"':
      return readString(reader)
    case 't':
      return readWord(reader, 'true', true)
    case 'f':
      return readWord(reader, 'false', false)
    case 'n':
      return readWord(reader, 'null', null)
    default:
      return readNumber(reader)
  }
}

function readNumber(reader: Reader): Value {
  NUMBER.lastIndex = reader.at
  const match = NUMBER.exec(reader.text)
  if (match === null) {
    if (reader.text[reader.at] !== '-') throw unexpected(reader, 'looking for beginning of value')
    reader.at++
    throw unexpected(reader, 'in numeric literal')
  }
  reader.at += match[0].length
  const next = reader.text[reader.at]
  if (next === '.' || next === 'e' || next === 'E') {
    reader.at += next === '.' || !/[+-]/.test(reader.text[reader.at + 1] ?? '') ? 1 : 2
    throw unexpected(reader, next === '.' ? 'after decimal point in numeric literal' : 'in exponent of numeric literal')
  }
  return new NumberText(match[0])
}

function readWord(reader: Reader, word: string, value: boolean | null): Value {
  for (let i = 1; i < word.length; i++) {
    if (reader.text[reader.at + i] !== word[i]) {
      reader.at += i
      throw unexpected(reader, `in literal ${word} (expecting '${word[i]}')`)
    }
  }
  reader.at += word.length
  return value
}

function readString(reader: Reader): string {
  const { text } = reader
  reader.at++
  const close = text.indexOf('"', reader.at)
  const simple = close === -1 ? '' : text.slice(reader.at, close)
  if (close !== -1 && !ODD.test(simple)) {
    reader.at = close + 1
    return simple
  }
  return readEscapedString(reader)
}

function readEscapedString(reader: Reader): string {
  const { text } = reader
  let value = ''
  for (;;) {
    PLAIN.lastIndex = reader.at
    const run = PLAIN.exec(text)?.[0] ?? ''
    value += run
    reader.at += run.length
    const unit = text[reader.at]
    if (unit === '"') {
      reader.at++
      return value.isWellFormed() ? value : value.toWellFormed()
    }
    if (unit !== '\\') throw unexpected(reader, 'in string literal')
    value += readEscape(reader)
  }
}

const ESCAPES: Record<string, string> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
}

function readEscape(reader: Reader): string {
  const unit = reader.text[reader.at + 1] ?? ''
  if (unit === 'u') {
    const digits = reader.text.slice(reader.at + 2, reader.at + 6)
    const good = /^[0-9a-fA-F]*/.exec(digits)?.[0].length ?? 0
    if (good < 4) {
      reader.at += 2 + good
      throw unexpected(reader, 'in \\u hexadecimal character escape')
    }
    reader.at += 6
    return String.fromCharCode(Number.parseInt(digits, 16))
  }
  const plain = ESCAPES[unit]
  reader.at += plain === undefined ? 1 : 2
  if (plain === undefined) throw unexpected(reader, 'in string escape code')
  return plain
}

function enter(reader: Reader): void {
  reader.at++
  if (++reader.depth > MAX_DEPTH) throw new JsonSyntaxError('exceeded max depth')
  skipSpace(reader)
}

function readArray(reader: Reader): Value[] {
  const items: Value[] = []
  enter(reader)
  if (reader.text[reader.at] === ']') {
    reader.at++
    reader.depth--
    return items
  }
  for (;;) {
    items.push(readValue(reader))
    if (!more(reader, ']', 'after array element')) return items
  }
}

function readObject(reader: Reader): ObjectValue {
  const object: ObjectValue = {}
  enter(reader)
  if (reader.text[reader.at] === '}') {
    reader.at++
    reader.depth--
    return object
  }
  for (;;) {
    if (reader.text[reader.at] !== '"') throw unexpected(reader, 'looking for beginning of object key string')
    const key = readString(reader)
    skipSpace(reader)
    if (reader.text[reader.at] !== ':') throw unexpected(reader, 'after object key')
    reader.at++
    skipSpace(reader)
    putField(object, key, readValue(reader))
    if (!more(reader, '}', 'after object key:value pair')) return object
  }
}

/** After an element: true when a comma says there is another one. */
function more(reader: Reader, close: string, where: string): boolean {
  skipSpace(reader)
  const unit = reader.text[reader.at]
  if (unit !== ',' && unit !== close) throw unexpected(reader, where)
  reader.at++
  if (unit === close) {
    reader.depth--
    return false
  }
  skipSpace(reader)
  return true
}

function skipSpace(reader: Reader): void {
  for (;;) {
    const code = reader.text.charCodeAt(reader.at)
    if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
    reader.at++
  }
}

function unexpected(reader: Reader, where: string): JsonSyntaxError {
  const code = reader.text.codePointAt(reader.at)
  if (code === undefined) return new JsonSyntaxError('unexpected end of JSON input')
  // The decoder works on bytes, and names the first byte of the character.
  const byte = String.fromCharCode(Buffer.from(String.fromCodePoint(code))[0] ?? code)
  const shown = byte === "'" ? String.raw`'\''` : byte === '"' ? `'"'` : `'${JSON.stringify(byte).slice(1, -1)}'`
  return new JsonSyntaxError(`invalid character ${shown} ${where}`)
}
