// A whole mapping: statements on lines of their own, or a single query, which means `root = <query>`.
import { MappingSyntaxError, refuse, refuseFurthest } from '../lex/source.ts'
import { anySpace, lineBreak, optionalSpaces } from '../lex/space.ts'
import { query } from './query.ts'
import { newReader, type Reader } from './reader.ts'
import { namedMap, refuseImport, statement } from './statement.ts'
import type { MappingTree, NamedMap, Statement } from './tree.ts'

/**
 * Parses a mapping.
 * @throws MappingSyntaxError with line and column
 */
export function parseMapping(text: string): MappingTree {
  const reader = newReader(text, query)
  try {
    const tree = statements(reader) ?? singleQuery(reader)
    if (tree !== undefined) return tree
  } catch (error) {
    if (error instanceof RangeError) throw new MappingSyntaxError('nested too deeply', { line: 1, column: 1 })
    throw error
  }
  return refuseFurthest(reader.source)
}

function statements(reader: Reader): MappingTree | undefined {
  const { source } = reader
  const maps: NamedMap[] = []
  const found: Statement[] = []
  source.at = 0
  anySpace(source)
  for (;;) {
    refuseImport(reader)
    const map = namedMap(reader)
    if (map !== undefined) addMap(reader, maps, map)
    else {
      const next = statement(reader, true)
      if (next === undefined) return undefined
      found.push(next)
    }
    optionalSpaces(source)
    if (source.at === source.text.length) break
    if (!lineBreak(source)) return undefined
    anySpace(source)
    if (source.at === source.text.length) break
  }
  return { text: source.text, maps, statements: found }
}

function addMap(reader: Reader, maps: NamedMap[], map: NamedMap): void {
  if (maps.some((other) => other.name === map.name)) {
    refuse(reader.source, `map name collision: ${map.name}`, map.at)
  }
  maps.push(map)
}

function singleQuery(reader: Reader): MappingTree | undefined {
  const { source } = reader
  source.at = 0
  anySpace(source)
  const found = query(reader)
  if (found === undefined) return undefined
  anySpace(source)
  if (source.at < source.text.length) return undefined
  return { text: source.text, maps: [], statements: [{ kind: 'assign', at: 0, path: [], query: found }] }
}
