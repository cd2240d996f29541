/**
 * What a driver's own lint says about the `config` of a spec, as one error with the places of the spec. The lint knows
 * nothing of specs; the API and `dunlin validate` say the same words through here.
 */
import type { Path, YamlSource } from '../source/place.ts'
import { DunlinError } from './error.ts'

export interface ConfigProblem {
  readonly code: string
  /** Inside the config, such as `pipeline.processors[0].mapping`; empty for the whole. */
  readonly path: string
  readonly message: string
  readonly hint?: string
  /** Inside a program that stands in the config, from 1. */
  readonly line?: number
  readonly column?: number
}

/** `a.b[0]["c.d"]` as its parts; the reverse of `pathText`. */
export const pathParts = (text: string): Path =>
  [...text.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)].map(([, index, quoted, plain]) =>
    index === undefined
      ? quoted === undefined
        ? (plain ?? '')
        : (JSON.parse(`"${quoted}"`) as string)
      : Number(index),
  )

const at = (path: string): string =>
  path === '' ? 'config' : path.startsWith('[') ? `config${path}` : `config.${path}`

const sentence = ({ message, line, column }: ConfigProblem): string =>
  line === undefined ? message : `${message} (line ${line}, column ${column ?? 1} of its text)`

/** Undefined when there is no problem. */
export const configProblems = (problems: readonly ConfigProblem[], source?: YamlSource): DunlinError | undefined => {
  const [first] = problems
  if (first === undefined) return undefined
  const errors = problems.map((problem) => ({
    path: at(problem.path),
    code: problem.code,
    message: sentence(problem),
    ...(problem.hint === undefined ? {} : { hint: problem.hint }),
    ...source?.placeOf(['config', ...pathParts(problem.path)]),
  }))
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''
  return new DunlinError('invalid_spec', `${at(first.path)}: ${sentence(first)}${more}`, { errors })
}
