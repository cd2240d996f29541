// What goes wrong while a mapping runs. A failing query is an ordinary thing (`catch`, `|`), so these are cheap.
import { Float, NumberText, Uint, isObject, typeOf, type TypeName, type Value } from './types.ts'
import { formatJson } from './format-json.ts'
import { goFloat } from './number-text.ts'

/** A query failed. `from` names the query that gave the wrong value, once someone has said it. */
export class MappingError extends Error {
  override readonly name: string = 'MappingError'
}

/** `this` (or a field of it) was read but the message is not a document. */
export class NoDocumentError extends MappingError {
  override readonly name = 'NoDocumentError'
  readonly field: string
  readonly reason: string
  constructor(field: string, reason: string) {
    super(field === '' ? 'context was undefined' : `context was undefined, unable to reference \`${field}\``)
    this.field = field
    this.reason = reason
  }
}

/** A value had the wrong type; the query it came from is added by whoever knows it. */
export class WrongTypeError extends MappingError {
  override readonly name = 'TypeError'
  readonly expected: string
  readonly actual: Value
  constructor(expected: string, actual: Value, from = '') {
    super(typeSentence(expected, actual, from))
    this.expected = expected
    this.actual = actual
    this.from = from
  }
  readonly from: string
}

/** An error that already says which query it came from, so that nobody says it again. */
export class SourcedError extends MappingError {
  override readonly name = 'SourcedError'
}

/** The language has it, this engine does not. */
export class UnsupportedError extends MappingError {
  override readonly name = 'UnsupportedError'
}

/** An operator met two types it cannot combine. */
export class MismatchError extends MappingError {
  override readonly name = 'MismatchError'
}

/** An error inside a named map, whose line already stands in the message. */
export class MapError extends MappingError {
  override readonly name = 'MapError'
}

export function wrongType(actual: Value, ...expected: TypeName[]): WrongTypeError {
  return new WrongTypeError(expectation(expected), actual)
}

export function wrongTypeFrom(from: string, actual: Value, ...expected: TypeName[]): WrongTypeError {
  return new WrongTypeError(expectation(expected), actual, from)
}

/** Names the query an error came from, unless the error says so already. */
export function errorFrom(error: unknown, from: string): unknown {
  if (error instanceof WrongTypeError) {
    return error.from === '' ? new WrongTypeError(error.expected, error.actual, from) : error
  }
  if (!(error instanceof MappingError) || error instanceof MismatchError || error instanceof SourcedError) return error
  return new SourcedError(`${from}: ${error.message}`)
}

/** Wraps an error with a prefix and keeps what is known about its origin. */
export function prefixed(prefix: string, error: unknown): unknown {
  if (!(error instanceof MappingError) || error instanceof NoDocumentError || error instanceof MapError) return error
  const Kind = error instanceof SourcedError ? SourcedError : MappingError
  return new Kind(`${prefix}: ${error.message}`)
}

function expectation(types: readonly string[]): string {
  if (types.length < 2) return types[0] ?? 'no'
  return `${types.slice(0, -1).join(', ')} or ${types.at(-1)}`
}

function typeSentence(expected: string, actual: Value, from: string): string {
  const origin = from === '' ? '' : ` from ${from}`
  return `expected ${expected} value, got ${typeOf(actual)}${origin}${shown(actual)}`
}

function shown(value: Value): string {
  if (typeof value === 'string') return ` (${JSON.stringify(value)})`
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') return ` (${value})`
  if (value instanceof Uint) return ` (${value.value})`
  if (value instanceof NumberText) return ` (${value.text})`
  if (value instanceof Float) return ` (${goFloat(value.value, 21)})`
  return ''
}

/** A value as Go's `%v` prints it, for messages that quote one. */
export function display(value: Value): string {
  if (value === null) return '<nil>'
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `[${value.map(display).join(' ')}]`
  if (isObject(value))
    return `map[${Object.keys(value)
      .map((key) => `${key}:${display(value[key] ?? null)}`)
      .join(' ')}]`
  return shown(value) === '' ? formatJson(value) : shown(value).slice(2, -1)
}
