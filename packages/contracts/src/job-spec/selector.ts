/** Which nodes a job is for: everything given must hold; an empty selector matches every node. */
import { LABEL_KEY, MAX_LABEL_VALUE } from '../labels.ts'
import { parseExpression, type Requirement } from './selector-expression.ts'

export interface SelectorBlock {
  readonly match_labels?: Readonly<Record<string, string>> | undefined
  readonly match_expressions?: readonly string[] | undefined
  readonly match_ids?: readonly string[] | undefined
}

/** Ready for matching: `matchesSelector` in the domain evaluates it. */
export interface ParsedSelector {
  /** From match_labels first, then from match_expressions in order. */
  readonly requirements: readonly Requirement[]
  /** Undefined when any node will do. */
  readonly ids: ReadonlySet<string> | undefined
}

export interface SelectorProblem {
  /** Inside the block, e.g. `['match_expressions', 0]`. */
  readonly path: (string | number)[]
  readonly message: string
}

export type SelectorResult =
  | { readonly ok: true; readonly selector: ParsedSelector }
  | { readonly ok: false; readonly problems: readonly SelectorProblem[] }

/** An empty list of ids is no restriction: generated specs write empty lists for what is not set. */
export const parseSelector = (block: SelectorBlock): SelectorResult => {
  const problems: SelectorProblem[] = []
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(block.match_labels ?? {})) {
    const path = ['match_labels', key]
    if (!LABEL_KEY.test(key)) problems.push({ path, message: 'is not a label key' })
    if (value.length > MAX_LABEL_VALUE) problems.push({ path, message: `is longer than ${MAX_LABEL_VALUE} characters` })
    requirements.push({ key, operator: '=', values: [value] })
  }
  for (const [index, expression] of (block.match_expressions ?? []).entries()) {
    const parsed = parseExpression(expression)
    if (parsed.ok) requirements.push(...parsed.requirements)
    else {
      const { message, at } = parsed.problem
      problems.push({
        path: ['match_expressions', index],
        message: `${message}, at character ${at + 1} of ${JSON.stringify(expression)}`,
      })
    }
  }
  if (problems.length > 0) return { ok: false, problems }
  const ids = block.match_ids ?? []
  return { ok: true, selector: { requirements, ids: ids.length === 0 ? undefined : new Set(ids) } }
}
