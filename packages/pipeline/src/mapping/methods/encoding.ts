// Methods between text, bytes and encodings: base64 and hex, hashes, JSON, escapes, file paths.
import { createHash, createHmac } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { flagArg, optionalText, textArg } from '../compile/args.ts'
import { optional, param } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import { MappingError, UnsupportedError, wrongType } from '../value/errors.ts'
import { UnwritableError, formatJson } from '../value/format-json.ts'
import { plain } from '../value/number.ts'
import { JsonSyntaxError, parseJson } from '../value/parse-json.ts'
import { needString, stringOf, toBytes, utf8 } from '../value/text.ts'
import { Float, NumberText, isObject, type Value } from '../value/types.ts'
import { encodingOf } from './schemes.ts'
import { onText } from './strings.ts'
import { cleanPath } from './file-path.ts'

export const ENCODING: Record<string, MethodSpec> = {
  encode: onValue([param('scheme', 'string')], (args) => {
    const encoding = encodingOf(textArg(args, 0))
    return (value) => encoding.encode(bytesOf(value))
  }),
  decode: onValue([param('scheme', 'string')], (args) => {
    const encoding = encodingOf(textArg(args, 0))
    return (value) => encoding.decode(needString(value))
  }),
  hash: onValue(
    [param('algorithm', 'string'), optional('key', 'string'), optional('polynomial', 'string', 'IEEE')],
    (args) => {
      const digest = digestOf(textArg(args, 0), optionalText(args, 1), textArg(args, 2))
      return (value) => digest(bytesOf(value))
    },
  ),
  parse_json: onValue([optional('use_number', 'bool')], (args) => {
    const keepText = args[0] === undefined ? false : flagArg(args, 0)
    return (value) => {
      const parsed = parse(needString(value))
      return keepText ? parsed : withFloats(parsed)
    }
  }),
  format_json: onValue(
    [optional('indent', 'string', '    '), optional('no_indent', 'bool', false), optional('escape_html', 'bool', true)],
    (args) => {
      const layout = {
        indent: flagArg(args, 1) ? '' : textArg(args, 0),
        escapeHtml: flagArg(args, 2),
        emptyLiteralAsNull: true,
      }
      return (value) => {
        try {
          return utf8(formatJson(value, layout))
        } catch (error) {
          if (error instanceof UnwritableError) throw new MappingError(`json: ${error.message}`)
          throw error
        }
      }
    },
  ),
  escape_html: onText([], () => (text) => text.replace(/[&<>"']/g, (c) => HTML[c] ?? c)),
  escape_url_query: onText([], () => (text) => percent(text, /[A-Za-z0-9_.~-]/).replaceAll('%20', '+')),
  escape_url_path: onText([], () => (text) => percent(text, /[A-Za-z0-9_.~$&+=:@-]/)),
  unescape_url_query: onText([], () => (text) => unpercent(text.replaceAll('+', ' '), text)),
  unescape_url_path: onText([], () => (text) => unpercent(text, text)),
  filepath_join: onValue([], () => (value) => {
    if (!Array.isArray(value)) throw wrongType(value, 'array')
    const parts = value.map((part, i) => {
      if (typeof part !== 'string') throw new MappingError(`path element ${i}: ${wrongType(part, 'string').message}`)
      return part
    })
    return cleanPath(parts)
  }),
  filepath_split: onText([], () => (text) => {
    const end = text.lastIndexOf('/') + 1
    return [text.slice(0, end), text.slice(end)]
  }),
}

const HTML: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&#34;', "'": '&#39;' }

function bytesOf(value: Value): Uint8Array {
  if (stringOf(value) === undefined) throw wrongType(value, 'string')
  return toBytes(value)
}

function parse(text: string): Value {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof JsonSyntaxError) throw new MappingError(`failed to parse value as JSON: ${error.message}`)
    throw error
  }
}

/** Without `use_number` the numbers of parsed text are floats. */
function withFloats(value: Value): Value {
  if (value instanceof NumberText) {
    const number = Number(value.text)
    if (!Number.isFinite(number)) {
      throw new MappingError(
        `failed to parse value as JSON: json: cannot unmarshal number ${value.text} into Go value of type float64`,
      )
    }
    return new Float(number)
  }
  if (Array.isArray(value)) return value.map(withFloats)
  if (!isObject(value)) return plain(value)
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, withFloats(field)]))
}

function digestOf(algorithm: string, key: string | undefined, polynomial: string): (bytes: Uint8Array) => Uint8Array {
  const hmac = /^hmac[_-](sha1|sha256|sha512)$/.exec(algorithm)?.[1]
  if (hmac !== undefined) {
    if (key === undefined) throw new MappingError(`hash algorithm ${algorithm} requires a key argument`)
    return (bytes) => createHmac(hmac, key).update(bytes).digest()
  }
  if (/^(?:md5|sha1|sha256|sha512|sha3_(?:224|256|384|512))$/.test(algorithm)) {
    const name = algorithm.replace('_', '-')
    return (bytes) => createHash(name).update(bytes).digest()
  }
  if (algorithm === 'crc32' && polynomial === 'IEEE') {
    return (bytes) => Buffer.from(crc32(bytes).toString(16).padStart(8, '0'), 'hex')
  }
  if (algorithm === 'fnv32') return fnv32
  const known = ['xxhash64', 'crc32'].includes(algorithm)
  if (known) throw new UnsupportedError(`unsupported hash type '${algorithm}' (${polynomial})`)
  throw new MappingError(`unrecognized hash type: ${algorithm}`)
}

/** FNV-1 of 32 bits, as decimal digits. */
function fnv32(bytes: Uint8Array): Uint8Array {
  let hash = 0x811c9dc5
  for (const byte of bytes) hash = Math.imul(hash, 0x01000193) ^ byte
  return utf8(String(hash >>> 0))
}

function percent(text: string, kept: RegExp): string {
  let result = ''
  for (const byte of utf8(text)) {
    const character = String.fromCharCode(byte)
    result += kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return result
}

function unpercent(text: string, original: string): string {
  const bad = /%(?![0-9a-fA-F]{2}).{0,2}/su.exec(original)?.[0]
  if (bad !== undefined) throw new MappingError(`invalid URL escape ${JSON.stringify(bad)}`)
  const bytes: Buffer[] = []
  for (const [run] of text.matchAll(/(?:%[0-9a-fA-F]{2})+|[^%]+/g)) {
    bytes.push(run.startsWith('%') ? Buffer.from(run.replaceAll('%', ''), 'hex') : Buffer.from(run))
  }
  return Buffer.concat(bytes).toString('utf8')
}
