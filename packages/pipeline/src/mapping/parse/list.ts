// Elements between brackets, with separators; a separator may trail.
import { anySpace, lineBreak, optionalSpaces } from '../lex/space.ts'
import { miss, take, type Source } from '../lex/source.ts'
import type { Reader } from './reader.ts'

/** Reads `open element (separator element)* close`, or undefined with the source where it was. */
export function list<T>(
  reader: Reader,
  brackets: readonly [open: string, close: string],
  separator: (source: Source) => boolean,
  element: () => T | undefined,
): T[] | undefined {
  const { source } = reader
  const start = source.at
  const [open, close] = brackets
  if (!take(source, open)) return undefined
  anySpace(source)
  const items: T[] = []
  for (;;) {
    const item = element()
    if (item === undefined) break
    items.push(item)
    if (!separator(source)) break
  }
  anySpace(source)
  if (take(source, close)) return items
  source.at = start
  return undefined
}

export function comma(source: Source): boolean {
  const start = source.at
  optionalSpaces(source)
  if (source.text[source.at] !== ',') return miss(source, start, 'comma') ?? false
  source.at++
  anySpace(source)
  return true
}

export function newLine(source: Source): boolean {
  const start = source.at
  optionalSpaces(source)
  if (!lineBreak(source)) {
    source.at = start
    return false
  }
  anySpace(source)
  return true
}

export function commaOrLine(source: Source): boolean {
  return comma(source) || newLine(source)
}
