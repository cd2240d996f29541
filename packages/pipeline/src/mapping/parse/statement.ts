// Statements: assignments to the document, to variables and to metadata, `if` blocks and named maps.
import { quoted } from '../lex/literal.ts'
import { anySpace, spaces } from '../lex/space.ts'
import { MappingSyntaxError, miss, placeOf, refuse, take } from '../lex/source.ts'
import { name } from '../lex/word.ts'
import { list, newLine } from './list.ts'
import { must, type Reader } from './reader.ts'
import type { NamedMap, Query, Statement } from './tree.ts'

/** Inside a named map metadata cannot be set. */
export function statement(reader: Reader, metaAllowed: boolean): Statement | undefined {
  return (
    letStatement(reader) ?? metaStatement(reader, metaAllowed) ?? assignment(reader) ?? ifStatement(reader, metaAllowed)
  )
}

function letStatement(reader: Reader): Statement | undefined {
  const { source } = reader
  const at = source.at
  if (take(source, 'let', 'assignment') && spaces(source)) {
    const label = must(reader, 'variable name', quoted(source) ?? name(source, 'variable name'))
    const value = spaces(source) ? assigned(reader) : undefined
    if (value !== undefined) return { kind: 'let', at, name: label, query: value }
  }
  source.at = at
  return undefined
}

function metaStatement(reader: Reader, allowed: boolean): Statement | undefined {
  const { source } = reader
  const at = source.at
  if (take(source, 'meta', 'assignment') && spaces(source)) {
    const key = quoted(source) ?? name(source, 'metadata key')
    if (key !== undefined) spaces(source)
    const value = assigned(reader)
    if (value !== undefined) {
      if (!allowed) refuse(source, 'setting meta fields is not allowed within this block', at)
      return { kind: 'meta', at, name: key, query: value }
    }
  }
  source.at = at
  return undefined
}

/** `= query` with the spaces the language insists on. */
function assigned(reader: Reader): Query | undefined {
  const { source } = reader
  return take(source, '=') && spaces(source) ? reader.query(reader) : undefined
}

function assignment(reader: Reader): Statement | undefined {
  const { source } = reader
  const at = source.at
  const path = targetPath(reader)
  const value = path !== undefined && spaces(source) ? assigned(reader) : undefined
  if (path === undefined || value === undefined) {
    source.at = at
    return undefined
  }
  return { kind: 'assign', at, path: path[0] === 'root' ? path.slice(1) : path, query: value }
}

function targetPath(reader: Reader): string[] | undefined {
  const { source } = reader
  const first = name(source, 'assignment')
  if (first === undefined) return undefined
  const path = [first]
  for (;;) {
    const dot = source.at
    if (source.text[dot] !== '.') return path
    source.at++
    const segment = quoted(source) ?? name(source, 'target path')
    if (segment === undefined) {
      source.at = dot
      return path
    }
    path.push(segment)
  }
}

function ifStatement(reader: Reader, metaAllowed: boolean): Statement | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, 'if', 'assignment') || !spaces(source)) {
    source.at = at
    return undefined
  }
  const branches: { condition: Query | undefined; body: Statement[] }[] = []
  for (;;) {
    const condition = must(reader, 'query', reader.query(reader))
    anySpace(source)
    const body = block(reader, metaAllowed)
    if (body === undefined) {
      source.at = at
      return undefined
    }
    branches.push({ condition, body })
    if (!nextBranch(reader, 'else if')) break
  }
  const end = source.at
  if (nextBranch(reader, 'else')) {
    const body = block(reader, metaAllowed)
    if (body === undefined) source.at = end
    else branches.push({ condition: undefined, body })
  }
  return { kind: 'if', at, branches }
}

function nextBranch(reader: Reader, word: 'else if' | 'else'): boolean {
  const { source } = reader
  const start = source.at
  anySpace(source)
  if (take(source, word) && (word === 'else' || spaces(source))) {
    if (word === 'else') anySpace(source)
    return true
  }
  source.at = start
  return false
}

function block(reader: Reader, metaAllowed: boolean): Statement[] | undefined {
  return list(reader, ['{', '}'], newLine, () => statement(reader, metaAllowed))
}

/** `map name { statements }`, only at the top of a mapping. */
export function namedMap(reader: Reader): NamedMap | undefined {
  const { source } = reader
  const at = source.at
  if (take(source, 'map', 'map') && spaces(source)) {
    const label = must(reader, 'map name', quoted(source) ?? name(source, 'map name'))
    const statements = spaces(source) ? block(reader, false) : undefined
    if (statements !== undefined) return { name: label, at, statements }
  }
  source.at = at
  return undefined
}

/** Mappings are not read from files: a job carries its whole pipeline. */
export function refuseImport(reader: Reader): void {
  const { source } = reader
  const at = source.at
  for (const word of ['import', 'from']) {
    if (take(source, word, word) && spaces(source) && quoted(source) !== undefined) {
      const place = placeOf(source.text, at)
      throw new MappingSyntaxError(`unsupported statement '${word}': mappings cannot be read from files`, place, {
        unsupported: true,
      })
    }
    source.at = at
  }
  miss(source, at, 'assignment')
}
