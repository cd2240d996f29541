// A query: operands with their tails (`.field`, `.method()`, `.(query)`) joined by operators.
import { anySpace, optionalSpaces } from '../lex/space.ts'
import { take, type Source } from '../lex/source.ts'
import { quoted } from '../lex/literal.ts'
import { name, snakeName } from '../lex/word.ts'
import { readArguments } from './arguments.ts'
import { primary } from './primary.ts'
import { deeper, must, type Reader } from './reader.ts'
import type { Operand, Operator, Query } from './tree.ts'

const OPERATORS: readonly Operator[] = ['+', '-', '/', '*', '%', '&&', '||', '==', '!=', '>=', '<=', '>', '<', '|']

export function query(reader: Reader): Query | undefined {
  const start = reader.source.at
  if (reader.queries.has(start)) {
    const known = reader.queries.get(start)
    reader.source.at = known?.end ?? start
    return known?.query
  }
  const found = deeper(reader, () => readQuery(reader))
  if (found === undefined) reader.source.at = start
  reader.queries.set(start, found === undefined ? undefined : { query: found, end: reader.source.at })
  return found
}

function readQuery(reader: Reader): Query | undefined {
  const { source } = reader
  optionalSpaces(source)
  const at = source.at
  const operands: Operand[] = []
  const operators: Operator[] = []
  for (;;) {
    const operand = readOperand(reader)
    if (operand === undefined) return undefined
    operands.push(operand)
    const operator = readOperator(source)
    if (operator === undefined) break
    operators.push(operator)
  }
  const [only] = operands
  if (operators.length === 0 && only !== undefined && !only.negated) return only.query
  return { kind: 'arithmetic', at, operands, operators }
}

function readOperator(source: Source): Operator | undefined {
  const start = source.at
  optionalSpaces(source)
  const operator = OPERATORS.find((text) => source.text.startsWith(text, source.at))
  if (operator === undefined) {
    source.at = start
    return undefined
  }
  source.at += operator.length
  anySpace(source)
  return operator
}

function readOperand(reader: Reader): Operand | undefined {
  const { source } = reader
  const negated = take(source, '-')
  if (negated) anySpace(source)
  const at = source.at
  const not = take(source, '!')
  if (not) optionalSpaces(source)
  const head = primary(reader)
  if (head === undefined) return undefined
  const whole = tails(reader, head)
  return { negated, query: not ? { kind: 'not', at, body: whole } : whole }
}

function tails(reader: Reader, head: Query): Query {
  const { source } = reader
  let target = head
  while (take(source, '.')) {
    anySpace(source)
    target = must(
      reader,
      'method or field path',
      inside(reader, target) ?? method(reader, target) ?? field(reader, target),
    )
  }
  return target
}

function inside(reader: Reader, target: Query): Query | undefined {
  const { source } = reader
  const start = source.at
  if (!take(source, '(')) return undefined
  anySpace(source)
  const body = query(reader)
  anySpace(source)
  if (body !== undefined && take(source, ')')) return { kind: 'inside', at: start, target, body }
  source.at = start
  return undefined
}

function method(reader: Reader, target: Query): Query | undefined {
  const { source } = reader
  const at = source.at
  const called = snakeName(source, 'method')
  if (called === undefined || source.text[source.at] !== '(') {
    source.at = at
    return undefined
  }
  const args = readArguments(reader)
  return { kind: 'method', at, target, name: called, args, end: source.at }
}

function field(reader: Reader, target: Query): Query | undefined {
  const at = reader.source.at
  const segment = name(reader.source, 'field path') ?? quoted(reader.source)
  return segment === undefined ? undefined : { kind: 'field', at, target, name: segment }
}
