// Regular expressions. Patterns are those of RE2; what JavaScript writes differently is translated, what RE2 does not
// have (look-around, back-references) is refused, because it could run for ever.
import { textArg } from '../compile/args.ts'
import { param, type Args } from '../compile/params.ts'
import { onValue, type MethodSpec } from '../compile/spec.ts'
import { MappingError } from '../value/errors.ts'
import { needString } from '../value/text.ts'
import { putField, type ObjectValue, type Value } from '../value/types.ts'
import { translatePattern } from './re2.ts'

const PATTERN = [param('pattern', 'string')]

export const REGEX: Record<string, MethodSpec> = {
  re_match: onPattern((pattern) => (text) => pattern.test(text)),
  re_find_all: onPattern((pattern) => (text) => matches(pattern, text).map((match) => match[0])),
  re_find_all_submatch: onPattern(
    (pattern) => (text) => matches(pattern, text).map((match) => [...match].map((group) => group ?? '')),
  ),
  re_find_object: onPattern((pattern, names) => (text) => {
    const [match] = matches(pattern, text)
    return match === undefined ? {} : groups(match, names)
  }),
  re_find_all_object: onPattern(
    (pattern, names) => (text) => matches(pattern, text).map((match) => groups(match, names)),
  ),
  re_replace: replacing(),
  re_replace_all: replacing(),
}

type Names = readonly (string | undefined)[]

function onPattern(make: (pattern: RegExp, names: Names) => (text: string) => Value): MethodSpec {
  return onValue(PATTERN, (args) => {
    const { pattern, names } = compiled(args)
    const apply = make(pattern, names)
    return (value) => {
      pattern.lastIndex = 0
      return apply(needString(value))
    }
  })
}

function compiled(args: Args): { pattern: RegExp; names: Names } {
  const source = textArg(args, 0)
  const { pattern, names } = translatePattern(source)
  try {
    return { pattern: new RegExp(pattern, 'gu'), names }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new MappingError(`error parsing regexp: ${reason}: \`${source}\``)
  }
}

/** All matches that do not overlap. An empty match right after another match does not count, as in Go. */
function matches(pattern: RegExp, text: string): RegExpExecArray[] {
  let end = -1
  return [...text.matchAll(pattern)].filter((match) => {
    const counts = match[0] !== '' || match.index !== end
    end = match.index + match[0].length
    return counts
  })
}

/** Groups by their name, or by their number where they have none; the whole match is `0`. */
function groups(match: RegExpExecArray, names: Names): ObjectValue {
  const object: ObjectValue = {}
  match.forEach((group, i) => putField(object, names[i] ?? String(i), group ?? ''))
  return object
}

function replacing(): MethodSpec {
  return onValue([...PATTERN, param('value', 'string')], (args) => {
    const { pattern, names } = compiled(args)
    const template = textArg(args, 1)
    return (value) => {
      const text = needString(value)
      let result = ''
      let at = 0
      for (const match of matches(pattern, text)) {
        result += text.slice(at, match.index) + expand(template, match, names)
        at = match.index + match[0].length
      }
      return result + text.slice(at)
    }
  })
}

const REFERENCE = /\$(?:\$|\{(\w+)\}|(\w+))/g

/** `$1`, `$name` and `${name}`; the longest name counts, and an unknown one stands for nothing. */
function expand(template: string, match: RegExpExecArray, names: Names): string {
  return template.replace(REFERENCE, (whole, braced: string | undefined, bare: string | undefined) => {
    if (whole === '$$') return '$'
    const name = braced ?? bare ?? ''
    const index = /^\d+$/.test(name) ? Number(name) : names.indexOf(name)
    return match[index] ?? ''
  })
}
