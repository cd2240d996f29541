// What a query can begin with, in the order the readings are tried.
import { number, quoted, tripleQuoted } from '../lex/literal.ts'
import { anySpace, optionalSpaces, spaces } from '../lex/space.ts'
import { miss, refuse, take } from '../lex/source.ts'
import { name, snakeName } from '../lex/word.ts'
import type { Value } from '../value/types.ts'
import { readArguments } from './arguments.ts'
import { ifQuery, matchQuery } from './branch.ts'
import { comma, list } from './list.ts'
import { must, type Reader } from './reader.ts'
import type { Query } from './tree.ts'

export function primary(reader: Reader): Query | undefined {
  const start = reader.source.at
  const found =
    matchQuery(reader) ??
    ifQuery(reader) ??
    lambda(reader) ??
    brackets(reader) ??
    literal(reader) ??
    call(reader) ??
    metadata(reader) ??
    variable(reader) ??
    bareName(reader)
  return found ?? miss(reader.source, start, 'query', start)
}

function lambda(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  const label = name(source, 'query')
  if (label === undefined || !spaces(source) || !take(source, '->') || !spaces(source)) {
    source.at = at
    return undefined
  }
  if (label === 'this' || label === 'root') refuse(source, `context label \`${label}\` is not allowed`, at)
  return { kind: 'lambda', at, name: label, body: must(reader, 'query', reader.query(reader)) }
}

function brackets(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, '(', 'query')) return undefined
  anySpace(source)
  const inner = reader.query(reader)
  if (inner === undefined) {
    source.at = at
    return undefined
  }
  anySpace(source)
  must(reader, 'closing bracket', take(source, ')', 'closing bracket'))
  return inner
}

function literal(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  const value = scalar(reader)
  return value === undefined ? (arrayLiteral(reader) ?? objectLiteral(reader)) : { kind: 'literal', at, value }
}

function scalar(reader: Reader): Value | undefined {
  const { source } = reader
  if (take(source, 'true', 'query')) return true
  if (take(source, 'false', 'query')) return false
  const value = number(source) ?? tripleQuoted(source) ?? quoted(source)
  if (value !== undefined) return value
  return take(source, 'null', 'query') ? null : undefined
}

function arrayLiteral(reader: Reader): Query | undefined {
  const at = reader.source.at
  const items = list(reader, ['[', ']'], comma, () => reader.query(reader))
  return items === undefined ? undefined : { kind: 'array', at, items }
}

function objectLiteral(reader: Reader): Query | undefined {
  const at = reader.source.at
  const entries = list(reader, ['{', '}'], comma, () => objectEntry(reader))
  return entries === undefined ? undefined : { kind: 'object', at, entries }
}

function objectEntry(reader: Reader): { key: Query; value: Query } | undefined {
  const { source } = reader
  const at = source.at
  const text = quoted(source)
  const key: Query | undefined = text === undefined ? reader.query(reader) : { kind: 'literal', at, value: text }
  optionalSpaces(source)
  if (key !== undefined && take(source, ':')) {
    anySpace(source)
    const value = reader.query(reader)
    if (value !== undefined) return { key, value }
  }
  source.at = at
  return undefined
}

function call(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  const called = snakeName(source, 'function')
  if (called === undefined || source.text[source.at] !== '(') {
    source.at = at
    return undefined
  }
  const args = readArguments(reader)
  return { kind: 'function', at, name: called, args, end: source.at }
}

function metadata(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, '@', 'query')) return undefined
  return { kind: 'metadata', at, name: name(source, 'metadata key') ?? quoted(source) }
}

function variable(reader: Reader): Query | undefined {
  const { source } = reader
  const at = source.at
  if (!take(source, '$', 'query')) return undefined
  const label = name(source, 'variable name')
  if (label !== undefined) return { kind: 'variable', at, name: label }
  source.at = at
  return undefined
}

function bareName(reader: Reader): Query | undefined {
  const at = reader.source.at
  const label = name(reader.source, 'query')
  return label === undefined ? undefined : { kind: 'name', at, name: label }
}
