/**
 * Label selector expressions in Kubernetes' grammar (k8s.io/apimachinery/pkg/labels): `k=v`, `k==v`, `k!=v`, `k in (a,b)`,
 * `k notin (a,b)`, `k`, `!k`, joined by commas that mean AND. White space separates and is otherwise without meaning.
 */
import { LABEL_KEY } from '../labels.ts'

/** `=` has exactly one value, `in` and `notin` one or more, the other two none. */
export interface Requirement {
  readonly key: string
  readonly operator: '=' | '!=' | 'in' | 'notin' | 'exists' | 'absent'
  readonly values: readonly string[]
}

export interface ExpressionProblem {
  readonly message: string
  /** Offset in the expression, from 0. */
  readonly at: number
}

export type ParsedExpression =
  | { readonly ok: true; readonly requirements: readonly Requirement[] }
  | { readonly ok: false; readonly problem: ExpressionProblem }

interface Token {
  readonly kind: 'word' | 'symbol' | 'end'
  readonly text: string
  readonly at: number
}

const TOKEN = /[ \t\r\n]*(?:(==|!=|[=!(),<>])|([^ \t\r\n=!(),<>]+)|$)/y

const tokensOf = (expression: string): readonly Token[] => {
  const tokens: Token[] = []
  TOKEN.lastIndex = 0
  for (;;) {
    const found = TOKEN.exec(expression)
    const [, symbol, word] = found ?? []
    const at = TOKEN.lastIndex - (symbol ?? word ?? '').length
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol, at })
    else if (word !== undefined) tokens.push({ kind: 'word', text: word, at })
    else {
      tokens.push({ kind: 'end', text: 'the end', at: expression.length })
      return tokens
    }
  }
}

class Unexpected extends Error {
  readonly at: number
  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

interface Reader {
  readonly peek: () => Token
  readonly next: () => Token
  /** Takes the symbol if it comes next. */
  readonly skip: (symbol: string) => boolean
}

const readerOf = (tokens: readonly Token[]): Reader => {
  let position = 0
  const end = tokens[tokens.length - 1] ?? { kind: 'end', text: 'the end', at: 0 }
  const peek = (): Token => tokens[position] ?? end
  const next = (): Token => {
    const token = peek()
    position += 1
    return token
  }
  const skip = (symbol: string): boolean => {
    const found = peek().kind === 'symbol' && peek().text === symbol
    if (found) position += 1
    return found
  }
  return { peek, next, skip }
}

const shown = (token: Token): string => (token.kind === 'end' ? token.text : JSON.stringify(token.text))
const unexpected = (token: Token, expected: string): Unexpected =>
  new Unexpected(`found ${shown(token)}, expected ${expected}`, token.at)

/** Parses one expression; several requirements when it holds commas. */
export const parseExpression = (expression: string): ParsedExpression => {
  const reader = readerOf(tokensOf(expression))
  const requirements: Requirement[] = []
  try {
    do requirements.push(requirement(reader))
    while (reader.skip(','))
    const rest = reader.next()
    if (rest.kind !== 'end') throw unexpected(rest, '"," or the end')
    return { ok: true, requirements }
  } catch (error) {
    if (!(error instanceof Unexpected)) throw error
    return { ok: false, problem: { message: error.message, at: error.at } }
  }
}

const requirement = (reader: Reader): Requirement => {
  const absent = reader.skip('!')
  const key = reader.next()
  if (key.kind !== 'word') throw unexpected(key, absent ? 'a label key' : 'a label key or "!"')
  if (!LABEL_KEY.test(key.text)) throw new Unexpected(`${JSON.stringify(key.text)} is not a label key`, key.at)
  if (absent) return { key: key.text, operator: 'absent', values: [] }
  const operator = reader.peek()
  if (operator.kind === 'end' || operator.text === ',') return { key: key.text, operator: 'exists', values: [] }
  reader.next()
  switch (operator.text) {
    case '=':
    case '==':
      return { key: key.text, operator: '=', values: [exactValue(reader)] }
    case '!=':
      return { key: key.text, operator: '!=', values: [exactValue(reader)] }
    case 'in':
    case 'notin':
      return { key: key.text, operator: operator.text, values: valueList(reader) }
    default:
      throw unexpected(operator, 'one of = == != in notin, "," or the end')
  }
}

/** Nothing after the operator is the empty value, as in Kubernetes. */
const exactValue = (reader: Reader): string => {
  const token = reader.peek()
  if (token.kind === 'end' || token.text === ',') return ''
  if (token.kind !== 'word') throw unexpected(token, 'a value')
  return reader.next().text
}

const valueList = (reader: Reader): readonly string[] => {
  const open = reader.next()
  if (open.text !== '(' || open.kind !== 'symbol') throw unexpected(open, '"("')
  if (reader.peek().text === ')') throw new Unexpected('found ")", expected at least one value', reader.peek().at)
  const values: string[] = []
  for (;;) {
    // A missing value beside a comma is the empty one, as in Kubernetes.
    values.push(reader.peek().kind === 'word' ? reader.next().text : '')
    if (reader.skip(',')) continue
    const close = reader.next()
    if (close.kind !== 'symbol' || close.text !== ')') throw unexpected(close, '"," or ")"')
    return [...new Set(values)]
  }
}
