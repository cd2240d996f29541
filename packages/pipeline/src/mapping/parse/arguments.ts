// The arguments of a call. From the opening bracket on nothing else can be meant, so everything missing is a refusal.
import { anySpace, optionalSpaces } from '../lex/space.ts'
import { snakeName } from '../lex/word.ts'
import { take } from '../lex/source.ts'
import { must, type Reader } from './reader.ts'
import type { Argument } from './tree.ts'

export function readArguments(reader: Reader): Argument[] {
  const { source } = reader
  const args: Argument[] = []
  source.at++
  for (;;) {
    anySpace(source)
    if (source.text[source.at] === ')') break
    args.push(must(reader, 'function argument', argument(reader)))
    optionalSpaces(source)
    const next = source.text[source.at]
    if (next === ',') {
      source.at++
      continue
    }
    anySpace(source)
    must(reader, 'comma or closing bracket', source.text[source.at] === ')')
    break
  }
  source.at++
  return args
}

function argument(reader: Reader): Argument | undefined {
  const { source } = reader
  const start = source.at
  const label = snakeName(source, 'argument name')
  if (label !== undefined && take(source, ':')) {
    return { name: label, query: must(reader, 'argument value', reader.query(reader)) }
  }
  source.at = start
  const value = reader.query(reader)
  return value === undefined ? undefined : { name: undefined, query: value }
}
