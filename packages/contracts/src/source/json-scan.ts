/**
 * Walks the text of a JSON document and tells where everything stands. JSON.parse gives no places, keeps the last of two
 * equal keys without a word, and rounds numbers; its messages quote the text, which may hold a secret.
 */
import type { Path } from './place.ts'

export interface JsonVisitor {
  /** Offset of the key for a member, of the value for anything else. `raw` is set for scalars. False ends the walk. */
  readonly value: (path: Path, start: number, raw: string | undefined) => boolean
  readonly duplicate?: (path: Path, start: number) => void
  readonly tooDeep?: (path: Path, start: number) => void
}

/** Where the text stops being JSON, and what would have been right there. */
export interface JsonSyntaxFault {
  readonly at: number
  readonly message: string
}

const SPACE = /[ \t\r\n]*/y
// oxlint-disable-next-line no-control-regex -- JSON forbids exactly these in strings
const STRING = /"(?:[^"\\\0-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y

interface Walk {
  readonly text: string
  readonly visitor: JsonVisitor
  readonly maxDepth: number
  at: number
  ended: boolean
  fault?: JsonSyntaxFault
}

/** The first syntax fault, if the walk met one. */
export const scanJson = (text: string, maxDepth: number, visitor: JsonVisitor): JsonSyntaxFault | undefined => {
  const walk: Walk = { text, visitor, maxDepth, at: 0, ended: false }
  walkValue(walk, [], undefined)
  if (!walk.ended) {
    skipSpace(walk)
    if (walk.at < text.length) fail(walk, 'the end of the text')
  }
  return walk.fault
}

const skipSpace = (walk: Walk): void => {
  SPACE.lastIndex = walk.at
  SPACE.test(walk.text)
  walk.at = SPACE.lastIndex
}

const fail = (walk: Walk, expected: string): void => {
  const message = walk.at >= walk.text.length ? `the text ends, ${expected} is missing` : `expected ${expected}`
  walk.fault = { at: walk.at, message }
  walk.ended = true
}

const take = (walk: Walk, pattern: RegExp): string | undefined => {
  pattern.lastIndex = walk.at
  const raw = pattern.exec(walk.text)?.[0]
  walk.at += raw?.length ?? 0
  return raw
}

const takeSymbol = (walk: Walk, symbol: string): boolean => {
  skipSpace(walk)
  const found = walk.text[walk.at] === symbol
  if (found) walk.at += 1
  return found
}

const walkValue = (walk: Walk, path: Path, keyStart: number | undefined): void => {
  skipSpace(walk)
  const start = walk.at
  const opening = walk.text[start]
  const container = opening === '{' || opening === '['
  const raw = container ? undefined : (take(walk, opening === '"' ? STRING : SCALAR) ?? '')
  if (raw === '') return fail(walk, opening === '"' ? 'a well-formed string' : 'a value')
  if (!walk.visitor.value(path, keyStart ?? start, raw)) walk.ended = true
  if (!container || walk.ended) return
  if (path.length >= walk.maxDepth) {
    walk.visitor.tooDeep?.(path, start)
    walk.ended = true
    return
  }
  walk.at += 1
  if (opening === '{') walkMembers(walk, path)
  else walkItems(walk, path)
}

const walkMembers = (walk: Walk, path: Path): void => {
  if (takeSymbol(walk, '}')) return
  const seen = new Set<string>()
  do {
    skipSpace(walk)
    const start = walk.at
    const raw = take(walk, STRING)
    if (raw === undefined) return fail(walk, 'a key in double quotes')
    const key = JSON.parse(raw) as string
    if (seen.has(key)) walk.visitor.duplicate?.([...path, key], start)
    seen.add(key)
    if (!takeSymbol(walk, ':')) return fail(walk, '":"')
    walkValue(walk, [...path, key], start)
  } while (!walk.ended && takeSymbol(walk, ','))
  if (!walk.ended && !takeSymbol(walk, '}')) fail(walk, '"," or "}"')
}

const walkItems = (walk: Walk, path: Path): void => {
  if (takeSymbol(walk, ']')) return
  let index = 0
  do {
    walkValue(walk, [...path, index], undefined)
    index += 1
  } while (!walk.ended && takeSymbol(walk, ','))
  if (!walk.ended && !takeSymbol(walk, ']')) fail(walk, '"," or "]"')
}
