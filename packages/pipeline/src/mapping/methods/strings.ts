// Methods on strings. Lengths and positions count UTF-8 bytes, as the language does.
import { flagArg, listArg, optionalSize, optionalText, sizeArg, textArg, valueArgs } from '../compile/args.ts'
import { optional, param, type Args } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import { MappingError, prefixed, wrongType } from '../value/errors.ts'
import { needString, stringOf, textOf, utf8 } from '../value/text.ts'
import type { Value } from '../value/types.ts'
import { goFormat } from './go-printf.ts'
import { goQuote, goUnquote } from './go-quote.ts'

export const STRINGS: Record<string, MethodSpec> = {
  capitalize: onTextOrBytes([], () => capitalize),
  format: onValue('variadic', (args) => {
    const values = valueArgs(args)
    return (value) => goFormat(needString(value), values)
  }),
  has_prefix: onText([param('value', 'string')], (args) => (text) => text.startsWith(textArg(args, 0))),
  has_suffix: onText([param('value', 'string')], (args) => (text) => text.endsWith(textArg(args, 0))),
  index_of: onText([param('value', 'string')], (args) => (text) => utf8Index(text, textArg(args, 0))),
  lowercase: onTextOrBytes([], () => (text) => text.toLowerCase()),
  quote: onText([], () => goQuote),
  repeat: onTextOrBytes([param('count', 'integer')], (args) => {
    const count = sizeArg(args, 0)
    if (count < 0) throw new MappingError(`invalid count, must be greater than or equal to zero: ${count}`)
    return (text) => {
      if (text.length * count > MAX_REPEATED) throw new MappingError('the repeated string would be too large')
      return text.repeat(count)
    }
  }),
  replace: replaceAll(),
  replace_all: replaceAll(),
  replace_many: replaceMany(),
  replace_all_many: replaceMany(),
  reverse: onTextOrBytes([], () => (text) => Array.from(text).toReversed().join('')),
  slice: onValue([param('low', 'integer'), optional('high', 'integer')], slice),
  split: onValue([param('delimiter', 'string'), optional('empty_as_null', 'bool', false)], (args) => {
    const delimiter = textArg(args, 0)
    const emptyAsNull = flagArg(args, 1)
    return (value) => {
      const text = needText(value)
      const parts = delimiter === '' ? Array.from(text) : text.split(delimiter)
      return parts.map((part) => {
        if (emptyAsNull && part === '') return null
        return value instanceof Uint8Array ? utf8(part) : part
      })
    }
  }),
  trim: onTextOrBytes([optional('cutset', 'string')], (args) => {
    const cutset = optionalText(args, 0)
    return (text) => trim(text, cutset)
  }),
  trim_prefix: onTextOrBytes([param('prefix', 'string')], (args) => {
    const prefix = textArg(args, 0)
    return (text) => (text.startsWith(prefix) ? text.slice(prefix.length) : text)
  }),
  trim_suffix: onTextOrBytes([param('suffix', 'string')], (args) => {
    const suffix = textArg(args, 0)
    return (text) => (suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text)
  }),
  unquote: onText([], () => goUnquote),
  uppercase: onTextOrBytes([], () => (text) => text.toUpperCase()),
}

const MAX_REPEATED = 64 * 1024 * 1024

/** Applies a change of text to bytes as well, which stay bytes. */
function keepingBytes(change: (text: string) => string): (value: Value) => Value {
  return (value) => (value instanceof Uint8Array ? utf8(change(textOf(value))) : change(needText(value)))
}

/** A method that changes text and leaves bytes bytes. */
function onTextOrBytes(params: MethodSpec['params'], make: (args: Args) => (text: string) => string): MethodSpec {
  return onValue(params, (args) => keepingBytes(make(args)))
}

/** A method on text; bytes are read as UTF-8. */
export function onText(params: MethodSpec['params'], make: (args: Args) => (text: string) => Value): MethodSpec {
  return onValue(params, (args) => {
    const apply = make(args)
    return (value) => apply(needText(value))
  })
}

function needText(value: Value): string {
  const text = typeof value === 'string' ? value : stringOf(value)
  if (text === undefined) throw wrongType(value, 'string')
  return text
}

const WORDS = new Intl.Segmenter('en', { granularity: 'word' })

/** The first letter of every word in its title form, the others small. */
function capitalize(text: string): string {
  let result = ''
  for (const { segment } of WORDS.segment(text)) {
    const first = /[\p{Lu}\p{Ll}\p{Lt}]/u.exec(segment)
    if (first === null) result += segment
    else {
      const rest = segment.slice(first.index + first[0].length).toLowerCase()
      result += segment.slice(0, first.index) + titleCase(first[0]) + rest
    }
  }
  return result
}

const TITLE: Readonly<Record<string, string>> = { Ǆ: 'ǅ', ǆ: 'ǅ', Ǉ: 'ǈ', ǉ: 'ǈ', Ǌ: 'ǋ', ǌ: 'ǋ', Ǳ: 'ǲ', ǳ: 'ǲ' }

function titleCase(character: string): string {
  const upper = TITLE[character] ?? character.toUpperCase()
  return Array.from(upper).length === 1 ? upper : character
}

function utf8Index(text: string, wanted: string): number {
  const at = text.indexOf(wanted)
  return at <= 0 ? at : Buffer.byteLength(text.slice(0, at))
}

function replaceAll(): MethodSpec {
  return onTextOrBytes([param('old', 'string'), param('new', 'string')], (args) => {
    const [old, replacement] = [textArg(args, 0), textArg(args, 1)]
    return (text) => replaceText(text, old, replacement)
  })
}

function replaceText(text: string, old: string, replacement: string): string {
  if (old !== '') return text.replaceAll(old, () => replacement)
  return replacement + Array.from(text, (character) => character + replacement).join('')
}

function replaceMany(): MethodSpec {
  return onValue([param('values', 'array')], (args) => {
    const values = listArg(args, 0)
    if (values.length % 2 !== 0) {
      throw new MappingError(
        `invalid arg, replacements should be in pairs and must therefore be even: ${values.length}`,
      )
    }
    const texts = values.map((value, i) => {
      if (typeof value !== 'string')
        throw prefixed(`invalid replacement value at index ${i}`, wrongType(value, 'string'))
      return value
    })
    const pairs = texts.flatMap((text, i) => (i % 2 === 0 ? [[text, texts[i + 1] ?? ''] as const] : []))
    return keepingBytes((text) => pairs.reduce((all, [old, replacement]) => replaceText(all, old, replacement), text))
  })
}

function trim(text: string, cutset: string | undefined): string {
  const isCut =
    cutset === undefined
      ? (c: string): boolean => /[\t\n\v\f\r \u0085\p{Z}]/u.test(c)
      : (c: string) => cutset.includes(c)
  const characters = Array.from(text)
  let start = 0
  let end = characters.length
  while (start < end && isCut(characters[start] ?? '')) start++
  while (end > start && isCut(characters[end - 1] ?? '')) end--
  return characters.slice(start, end).join('')
}

function slice(args: Args): (value: Value) => Value {
  const low = sizeArg(args, 0)
  const high = optionalSize(args, 1)
  if (high !== undefined && high >= 0 && low >= 0 && low >= high) {
    throw new MappingError(`lower slice bound ${low} must be lower than upper (${high})`)
  }
  return (value) => {
    if (typeof value === 'string') {
      const bytes = utf8(value)
      const [from, to] = bounds(bytes.length, low, high)
      return textOf(bytes.subarray(from, to))
    }
    if (value instanceof Uint8Array || Array.isArray(value)) {
      const [from, to] = bounds(value.length, low, high)
      return value.slice(from, to)
    }
    throw wrongType(value, 'array', 'string')
  }
}

function bounds(size: number, low: number, high: number | undefined): readonly [number, number] {
  const to = high === undefined ? size : high < 0 ? size + high : Math.min(high, size)
  const from = low < 0 ? Math.max(size + low, 0) : Math.min(low, size)
  if (from > to)
    throw new MappingError(
      `lower slice bound ${from} must be lower than or equal to upper bound (${to}) and target length (${size})`,
    )
  return [from, to]
}
