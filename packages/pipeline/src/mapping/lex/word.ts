// Names: of fields and variables, of functions and methods.
import { takePattern, type Source } from './source.ts'

const NAME = /[A-Za-z0-9_]+/y
const SNAKE = /[a-z0-9_]+/y

/** A name of a field, variable, map or context. */
export function name(source: Source, expected: string): string | undefined {
  return takePattern(source, NAME, expected)
}

/** A name of a function, method or parameter: no capitals. */
export function snakeName(source: Source, expected: string): string | undefined {
  return takePattern(source, SNAKE, expected)
}
