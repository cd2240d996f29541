// What is wrong with a pipeline configuration, said so that a person finds the place and a program can tell the kinds apart.

export type ProblemCode =
  | 'invalid_value'
  | 'unknown_field'
  | 'unsupported_field'
  | 'unknown_component'
  | 'unsupported_component'
  | 'mapping_parse'
  | 'mapping_unsupported'
  | 'unsupported_interpolation'

export interface PipelineProblem {
  readonly code: ProblemCode
  /** Where in the configuration, such as `pipeline.processors[0].mapping`; empty for the whole. */
  readonly path: string
  readonly message: string
  /** What to do about it, such as the name that was probably meant. */
  readonly hint?: string
  /** Inside a mapping, from 1. */
  readonly line?: number
  readonly column?: number
}

export function fieldPath(path: string, field: string | number): string {
  if (typeof field === 'number') return `${path}[${field}]`
  return path === '' ? field : `${path}.${field}`
}

export function problem(code: ProblemCode, path: string, message: string, hint?: string): PipelineProblem {
  return hint === undefined ? { code, path, message } : { code, path, message, hint }
}
