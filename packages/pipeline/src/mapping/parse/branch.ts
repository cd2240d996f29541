// The `if` and `match` expressions.
import { anySpace, optionalSpaces, spaces } from '../lex/space.ts'
import { take } from '../lex/source.ts'
import { commaOrLine, list } from './list.ts'
import { must, type Reader } from './reader.ts'
import type { Query } from './tree.ts'

export function ifQuery(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, 'if', 'query') || !spaces(source)) {
    source.at = at
    return undefined
  }
  const condition = must(reader, 'query', reader.query(reader))
  anySpace(source)
  const branches = [{ condition, body: braced(reader) }]
  for (;;) {
    const next = elseIf(reader)
    if (next === undefined) break
    branches.push(next)
  }
  return { kind: 'if', at, branches, otherwise: otherwise(reader) }
}

function elseIf(reader: Reader): { condition: Query; body: Query } | undefined {
  const { source } = reader
  const start = source.at
  anySpace(source)
  if (!take(source, 'else if') || !spaces(source)) {
    source.at = start
    return undefined
  }
  const condition = must(reader, 'query', reader.query(reader))
  anySpace(source)
  return { condition, body: braced(reader) }
}

function otherwise(reader: Reader): Query | undefined {
  const { source } = reader
  const start = source.at
  anySpace(source)
  if (!take(source, 'else')) {
    source.at = start
    return undefined
  }
  anySpace(source)
  return braced(reader)
}

function braced(reader: Reader): Query {
  const { source } = reader
  must(reader, '{', take(source, '{'))
  anySpace(source)
  const body = must(reader, 'query', reader.query(reader))
  anySpace(source)
  must(reader, '}', take(source, '}'))
  return body
}

export function matchQuery(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, 'match', 'query') || !spaces(source)) {
    source.at = at
    return undefined
  }
  const subject = reader.query(reader)
  anySpace(source)
  const cases = must(
    reader,
    '{ with cases',
    list(reader, ['{', '}'], commaOrLine, () => matchCase(reader)),
  )
  return { kind: 'match', at, subject, cases }
}

function matchCase(reader: Reader): { test: Query | undefined; body: Query } | undefined {
  const { source } = reader
  const at = source.at
  let test: Query | undefined
  let arrow = take(source, '_', 'match case') && caseArrow(reader)
  if (!arrow) {
    source.at = at
    test = reader.query(reader)
    arrow = test !== undefined && caseArrow(reader)
  }
  const body = arrow ? reader.query(reader) : undefined
  if (body !== undefined) return { test, body }
  source.at = at
  return undefined
}

function caseArrow(reader: Reader): boolean {
  optionalSpaces(reader.source)
  if (!take(reader.source, '=>')) return false
  optionalSpaces(reader.source)
  return true
}
