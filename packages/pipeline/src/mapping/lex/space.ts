// Whitespace, line breaks and comments. A comment always needs the line break that ends it.
import { takePattern, type Source } from './source.ts'

const SPACES = /[ \t]+/y
const LINE_BREAK = /(?:#[^\n]*)?\r?\n/y
const ANY_SPACE = /(?:[ \t]|(?:#[^\n]*)?\r?\n)+/y

/** Spaces and tabs that must be there. */
export function spaces(source: Source): boolean {
  return takePattern(source, SPACES, 'whitespace') !== undefined
}

/** Spaces and tabs, if any. */
export function optionalSpaces(source: Source): void {
  SPACES.lastIndex = source.at
  source.at += SPACES.exec(source.text)?.[0].length ?? 0
}

export function lineBreak(source: Source): boolean {
  return takePattern(source, LINE_BREAK, 'line break') !== undefined
}

/** Spaces, line breaks and comments, if any. */
export function anySpace(source: Source): void {
  ANY_SPACE.lastIndex = source.at
  source.at += ANY_SPACE.exec(source.text)?.[0].length ?? 0
}
