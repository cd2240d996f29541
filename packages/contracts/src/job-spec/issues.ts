/** Turns what zod found into issues with a word for programs, a sentence without jargon, and the nearest known name. */
import type * as z from 'zod'
import { KNOWN_NAMES } from '../drivers/known-names.ts'
import type { Path } from '../source/place.ts'
import type { IssueParams } from './block.ts'
import type { SpecIssue } from './issue.ts'
import { nearestName } from '../nearest.ts'

/** More are not told: nobody reads them, and looking for nearest names costs time. */
export const MAX_LISTED = 100

export const specIssues = (
  error: Pick<z.core.$ZodError, 'issues'>,
  value: unknown,
  prefix: Path = [],
): readonly SpecIssue[] =>
  error.issues.slice(0, MAX_LISTED).flatMap((issue) => {
    const path = [...prefix, ...(issue.path as (string | number)[])]
    if (issue.code === 'unrecognized_keys') {
      const known = issue.message.startsWith(KNOWN_NAMES) ? issue.message.slice(KNOWN_NAMES.length).split(',') : []
      return issue.keys.slice(0, MAX_LISTED).map((key) => unknownField([...path, key], key, known))
    }
    const given = valueAt(value, issue.path as Path)
    if (given === undefined && issue.code !== 'custom') return [{ path, code: 'required', message: 'is required' }]
    const params: IssueParams = issue.code === 'custom' ? (issue.params ?? {}) : {}
    const hint = params.hint ?? (typeof given === 'string' ? nearestOf(given, issue) : undefined)
    return [
      {
        path,
        code: params.code ?? codes[issue.code] ?? 'invalid',
        message: sentence(issue),
        ...(hint === undefined ? {} : { hint }),
      },
    ]
  })

const codes: Readonly<Record<string, string>> = {
  invalid_type: 'wrong_type',
  invalid_union: 'wrong_type',
  too_big: 'too_large',
  too_small: 'too_small',
}

const sentence = (issue: z.core.$ZodIssue): string => {
  // A wrong key's own message says less than the one inside it.
  const message = issue.code === 'invalid_key' ? (issue.issues[0]?.message ?? issue.message) : issue.message
  return message.replace(/^Invalid input: /, '').replace(/^Too (big|small): /, '')
}

const unknownField = (path: Path, key: string, known: readonly string[]): SpecIssue => {
  const nearest = nearestName(key, known)
  const hint = foreign[key] ?? (nearest === undefined ? undefined : `Did you mean "${nearest}"?`)
  return { path, code: 'unknown_field', message: 'is not a field here', ...(hint === undefined ? {} : { hint }) }
}

/** Names that other systems, or other generations, use for something that has another name here. */
const foreign: Readonly<Record<string, string>> = {
  constraints: 'Use selector.match_expressions.',
  count: 'Every matching node runs the job; placement.count limits how many.',
  min_healthy_time: 'It belongs to the older "deployment" block; use interval and success_threshold.',
  auto_rollback: 'It is on by default; no_auto_rollback: true turns it off.',
  matchLabels: 'Did you mean "match_labels"?',
}

const nearestOf = (given: string, issue: z.core.$ZodIssue): string | undefined => {
  if (issue.code !== 'invalid_value') return undefined
  const nearest = nearestName(
    given,
    issue.values.filter((candidate) => typeof candidate === 'string'),
  )
  return nearest === undefined ? undefined : `Did you mean "${nearest}"?`
}

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? (at as Readonly<Record<string, unknown>>)[part] : undefined),
    value,
  )
