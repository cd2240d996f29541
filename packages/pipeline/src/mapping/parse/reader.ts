// What the grammar's parts share: the source, answers already found, and the guard against endless nesting.
import { newSource, refuse, type Source } from '../lex/source.ts'
import type { Query } from './tree.ts'

export interface Reader {
  readonly source: Source
  /** A query may be tried at one place by several readings; the answer is always the same. */
  readonly queries: Map<number, { readonly query: Query; readonly end: number } | undefined>
  depth: number
  /** Reads a query: the grammar's parts reach each other through it. */
  readonly query: (reader: Reader) => Query | undefined
}

const MAX_DEPTH = 300

export function newReader(text: string, query: Reader['query']): Reader {
  return { source: newSource(text), queries: new Map(), depth: 0, query }
}

export function deeper<T>(reader: Reader, read: () => T): T {
  if (++reader.depth > MAX_DEPTH) refuse(reader.source, `nested deeper than ${MAX_DEPTH} levels`)
  const result = read()
  reader.depth--
  return result
}

/** What must be there, once the reader knows which form it is in. */
export function must<T>(reader: Reader, expected: string, found: T | undefined | false): T {
  if (found !== undefined && found !== false) return found
  const { source } = reader
  const deepest = source.furthest > source.at ? [...source.expected].join(' or ') : expected
  return refuse(source, `required: expected ${deepest}`, Math.max(source.at, source.furthest))
}
