// The text of a mapping and how far it has been read. The language cannot be cut into tokens beforehand (`trueish` is
// `true` and a leftover, whitespace decides between statements), so the scanners read straight from the text.

/** Why a mapping was refused, and where (both from 1, columns in characters). */
export class MappingSyntaxError extends Error {
  override readonly name = 'MappingSyntaxError'
  readonly line: number
  readonly column: number
  /** True when the language has the word but this engine does not (yet). */
  readonly unsupported: boolean
  readonly hint: string | undefined
  constructor(message: string, place: Place, more: { unsupported?: boolean; hint?: string | undefined } = {}) {
    super(message)
    this.line = place.line
    this.column = place.column
    this.unsupported = more.unsupported ?? false
    this.hint = more.hint
  }
}

export interface Place {
  readonly line: number
  readonly column: number
}

export interface Source {
  readonly text: string
  at: number
  /** The furthest place where something was missing, and what would have been fine there. */
  furthest: number
  expected: Set<string>
}

export function newSource(text: string): Source {
  return { text, at: 0, furthest: -1, expected: new Set() }
}

/** Where the lines of the text begin that was asked about last: every statement of a long mapping asks for its line. */
let lines: { readonly text: string; readonly starts: readonly number[] } = { text: '', starts: [0] }

function lineStarts(text: string): readonly number[] {
  if (lines.text !== text) {
    const starts = [0]
    for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) starts.push(i + 1)
    lines = { text, starts }
  }
  return lines.starts
}

export function placeOf(text: string, at: number): Place {
  const starts = lineStarts(text)
  let line = 1
  for (let step = 1 << 30; step > 0; step >>= 1) if ((starts[line - 1 + step] ?? Infinity) <= at) line += step
  return { line, column: Array.from(text.slice(starts[line - 1], at)).length + 1 }
}

/** Notes what was missing here; the reader may still find another way. Goes back to `start`. */
export function miss(source: Source, start: number, expected: string, at = source.at): undefined {
  if (at > source.furthest) {
    source.furthest = at
    source.expected = new Set()
  }
  if (at === source.furthest) source.expected.add(expected)
  source.at = start
  return undefined
}

/** Refuses the mapping: no other reading is tried. */
export function refuse(source: Source, message: string, at = source.at): never {
  throw new MappingSyntaxError(message, placeOf(source.text, at))
}

/** Refuses the mapping with what was missing furthest on. */
export function refuseFurthest(source: Source): never {
  const expected = [...source.expected]
  const names =
    expected.length > 1 ? `${expected.slice(0, -1).join(', ')} or ${expected.at(-1)}` : (expected[0] ?? 'a mapping')
  const end = source.furthest >= source.text.length ? ', but reached the end' : ''
  refuse(source, `expected ${names}${end}`, Math.max(source.furthest, 0))
}

/** Takes a fixed text. */
export function take(source: Source, text: string, expected = text): boolean {
  if (source.text.startsWith(text, source.at)) {
    source.at += text.length
    return true
  }
  miss(source, source.at, expected)
  return false
}

/** Takes what a sticky pattern matches here; an empty match counts as none. */
export function takePattern(source: Source, pattern: RegExp, expected: string): string | undefined {
  pattern.lastIndex = source.at
  const found = pattern.exec(source.text)?.[0] ?? ''
  if (found === '') return miss(source, source.at, expected)
  source.at += found.length
  return found
}
