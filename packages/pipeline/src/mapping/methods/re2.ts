// A regular expression of RE2's syntax as one of JavaScript's.
import { MappingError } from '../value/errors.ts'

export interface Translated {
  readonly pattern: string
  /** The name of each group by its number; the whole match is number 0. */
  readonly names: readonly (string | undefined)[]
}

const POSIX: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: String.raw`\x00-\x7f`,
  blank: String.raw`\t `,
  cntrl: String.raw`\x00-\x1f\x7f`,
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: String.raw`!-\/:-@\[-\x60\{-~`,
  space: String.raw`\t\n\v\f\r `,
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
}

/** RE2 knows ASCII only in these classes. */
const CLASSES: Readonly<Record<string, readonly [inside: string, outside: string]>> = {
  s: [String.raw`\t\n\f\r `, String.raw`[\t\n\f\r ]`],
  S: ['', String.raw`[^\t\n\f\r ]`],
}

interface Work {
  readonly source: string
  at: number
  out: string
  names: (string | undefined)[]
  readonly flags: { s: boolean; m: boolean; u: boolean }[]
}

/** @throws MappingError for a pattern RE2 refuses */
export function translatePattern(source: string): Translated {
  const work: Work = { source, at: 0, out: '', names: [undefined], flags: [{ s: false, m: false, u: false }] }
  while (work.at < source.length) step(work)
  if (work.flags.length > 1) throw refusal('missing closing )', source)
  return { pattern: work.out, names: work.names }
}

function refusal(reason: string, detail: string): MappingError {
  return new MappingError(`error parsing regexp: ${reason}: \`${detail}\``)
}

function step(work: Work): void {
  const unit = work.source[work.at] ?? ''
  const flags = work.flags.at(-1)
  switch (unit) {
    case '\\':
      return escape(work, false)
    case '[':
      return characterClass(work)
    case '(':
      return group(work)
    case ')':
      work.flags.pop()
      if (work.flags.length === 0) throw refusal('unexpected )', work.source)
      return emit(work, ')', 1)
    case '.':
      return emit(work, flags?.s === true ? String.raw`[\s\S]` : String.raw`[^\n]`, 1)
    case '^':
      return emit(work, flags?.m === true ? String.raw`(?<=^|\n)` : '^', 1)
    case '$':
      return emit(work, flags?.m === true ? String.raw`(?=\n|$)` : '$', 1)
    case '{':
      return brace(work)
    case '}':
    case ']':
      return emit(work, `\\${unit}`, 1)
    case '*':
    case '+':
    case '?':
      return repetition(work, unit)
    default:
      emit(work, unit, 1)
  }
}

function emit(work: Work, text: string, taken: number): void {
  work.out += text
  work.at += taken
}

function repetition(work: Work, operator: string): void {
  const lazy = work.source[work.at + operator.length] === '?' ? '?' : ''
  const next = work.source.slice(work.at + operator.length + lazy.length)
  if (/^(?:[*+?]|\{\d+(?:,\d*)?\})/.test(next)) {
    throw refusal('invalid nested repetition operator', operator + lazy + (next[0] ?? ''))
  }
  if (work.out === '' || /(?:^|[^\\])[(|]$/.test(work.out)) {
    throw refusal('missing argument to repetition operator', operator)
  }
  emit(work, operator + lazy, operator.length + lazy.length)
}

function brace(work: Work): void {
  const counted = /^\{(\d+)(?:,(\d*))?\}/.exec(work.source.slice(work.at))
  if (counted === null) return emit(work, String.raw`\{`, 1)
  const [whole, low = '0', high = ''] = counted
  const most = high === '' ? 0 : Number(high)
  if (Number(low) > 1000 || most > 1000 || (high !== '' && most < Number(low))) {
    throw refusal('invalid repeat count', whole)
  }
  repetition(work, whole)
}

function group(work: Work): void {
  const rest = work.source.slice(work.at)
  const outer = work.flags.at(-1) ?? { s: false, m: false, u: false }
  const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest)
  if (named !== null) {
    const name = named[1] ?? ''
    if (work.names.includes(name)) throw refusal('duplicate capture group name', name)
    work.names.push(name)
    work.flags.push({ ...outer })
    return emit(work, '(', named[0].length)
  }
  if (!rest.startsWith('(?')) {
    work.names.push(undefined)
    work.flags.push({ ...outer })
    return emit(work, '(', 1)
  }
  const flagged = /^\(\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(rest)
  if (flagged === null) throw refusal('invalid or unsupported Perl syntax', rest.slice(0, rest[2] === '<' ? 4 : 3))
  const [whole, on = '', off = '', end] = flagged
  if (on.includes('U') || off.includes('U')) throw refusal('unsupported flag', whole)
  const inner = { s: set('s', outer.s, on, off), m: set('m', outer.m, on, off), u: false }
  const ignoreCase = `${on.includes('i') ? 'i' : ''}${off.includes('i') ? '-i' : ''}`
  if (end === ':') {
    work.flags.push(inner)
    return emit(work, ignoreCase === '' ? '(?:' : `(?${ignoreCase}:`, whole.length)
  }
  Object.assign(outer, inner)
  if (ignoreCase === '') return emit(work, '', whole.length)
  // A flag in the middle holds to the end of its group: JavaScript only has it around a group.
  work.at += whole.length
  const before = work.out
  const depth = work.flags.length
  work.out = ''
  while (work.at < work.source.length && !(work.flags.length === depth && work.source[work.at] === ')')) step(work)
  work.out = `${before}(?${ignoreCase}:${work.out})`
}

function set(flag: string, before: boolean, on: string, off: string): boolean {
  return on.includes(flag) || (before && !off.includes(flag))
}

function escape(work: Work, inClass: boolean): void {
  const unit = work.source[work.at + 1]
  if (unit === undefined) throw refusal('trailing backslash at end of expression', '')
  const known = CLASSES[unit]
  if (known !== undefined) {
    if (inClass && known[0] === '') throw new MappingError(`unsupported regular expression: \\${unit} inside a class`)
    return emit(work, inClass ? known[0] : known[1], 2)
  }
  const property = /^\\([pP])(?:\{(\^?)(\w+)\}|(\w))/.exec(work.source.slice(work.at))
  if (property !== null) return unicodeProperty(work, property)
  const hex = /^\\x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(work.source.slice(work.at))
  if (hex !== null) return emit(work, `\\u{${hex[1] ?? hex[2] ?? ''}}`, hex[0].length)
  if (/[dDwW]/.test(unit) || (/[bB]/.test(unit) && !inClass)) return emit(work, `\\${unit}`, 2)
  if (unit === 'A') return emit(work, '^', 2)
  if (unit === 'z') return emit(work, '$', 2)
  if (unit === 'a') return emit(work, String.raw`\x07`, 2)
  if (/[fnrtv]/.test(unit)) return emit(work, `\\${unit}`, 2)
  if (unit === 'Q') return quoted(work)
  if (/[A-Za-z0-9]/.test(unit)) throw refusal('invalid escape sequence', `\\${unit}`)
  emit(work, /[$()*+./?[\\\]^{|}-]/.test(unit) && (inClass || unit !== '-') ? `\\${unit}` : unit, 2)
}

function quoted(work: Work): void {
  const end = work.source.indexOf(String.raw`\E`, work.at)
  const text = work.source.slice(work.at + 2, end === -1 ? undefined : end)
  work.out += text.replace(/[$()*+./?[\\\]^{|}]/g, String.raw`\$&`)
  work.at = end === -1 ? work.source.length : end + 2
}

function unicodeProperty(work: Work, [whole, letter, not, long, short]: RegExpExecArray): void {
  const name = long ?? short ?? ''
  const negated = (letter === 'P') !== (not === '^')
  const general = /^[A-Z][a-z]?$/.test(name)
  emit(work, `\\${negated ? 'P' : 'p'}{${general ? name : `Script=${name}`}}`, whole.length)
}

function characterClass(work: Work): void {
  const start = work.at
  work.out += '['
  work.at++
  if (work.source[work.at] === '^') emit(work, '^', 1)
  for (let first = true; ; first = false) {
    const unit = work.source[work.at]
    if (unit === undefined) throw refusal('missing closing ]', work.source.slice(start))
    if (unit === ']' && !first) break
    const posix = /^\[:(\^?)(\w+):\]/.exec(work.source.slice(work.at))
    if (posix !== null) {
      const members = POSIX[posix[2] ?? '']
      if (members === undefined) throw refusal('invalid character class range', posix[0])
      if (posix[1] === '^') throw new MappingError(`unsupported regular expression: ${posix[0]}`)
      emit(work, members, posix[0].length)
    } else if (unit === '\\') escape(work, true)
    else emit(work, /[[\]^{}()/|]/.test(unit) ? `\\${unit}` : unit, 1)
  }
  emit(work, ']', 1)
}
