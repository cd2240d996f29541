// Quoting text as a Go string literal, and reading one.
import { MappingError } from '../value/errors.ts'
import { newSource } from '../lex/source.ts'
import { quoted } from '../lex/literal.ts'

const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
}

export function goQuote(text: string): string {
  let result = '"'
  for (const character of text) result += quotedCharacter(character)
  return `${result}"`
}

function quotedCharacter(character: string): string {
  const short = SHORT[character]
  if (short !== undefined) return short
  if (character === ' ' || /^[\p{L}\p{M}\p{N}\p{P}\p{S}]$/u.test(character)) return character
  const point = character.codePointAt(0) ?? 0
  if (point < 0x20 || point === 0x7f) return `\\x${point.toString(16).padStart(2, '0')}`
  return point > 0xffff ? `\\U${point.toString(16).padStart(8, '0')}` : `\\u${point.toString(16).padStart(4, '0')}`
}

/** @throws MappingError when the text is no literal */
export function goUnquote(text: string): string {
  const value = text.startsWith('"') ? doubleQuoted(text) : otherQuoted(text)
  if (value === undefined) throw new MappingError('invalid syntax')
  return value
}

function doubleQuoted(text: string): string | undefined {
  const source = newSource(text)
  try {
    const value = quoted(source)
    return source.at === text.length ? value : undefined
  } catch {
    return undefined
  }
}

function otherQuoted(text: string): string | undefined {
  if (/^`[^`]*`$/.test(text)) return text.slice(1, -1).replaceAll('\r', '')
  const inner = /^'(.*)'$/su.exec(text)?.[1]
  if (inner === undefined) return undefined
  if (inner === String.raw`\'`) return "'"
  if (inner === '"') return '"'
  const value = inner === String.raw`\"` || inner === "'" ? undefined : doubleQuoted(`"${inner}"`)
  return value !== undefined && Array.from(value).length === 1 ? value : undefined
}
