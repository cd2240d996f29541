// What a schema refused, as problems with a path and the nearest known field.
import type { z } from 'zod'
import { nearest } from './nearest.ts'
import { fieldPath, problem, type PipelineProblem } from './problem.ts'

/** `knownFields` gives the fields at a place of the schema, for suggestions. */
export function schemaProblems(
  error: z.ZodError,
  path: string,
  knownFields: (at: readonly PropertyKey[]) => readonly string[],
): PipelineProblem[] {
  const mistyped = new Set<string>()
  for (const issue of error.issues) {
    if (issue.code !== 'unrecognized_keys') continue
    for (const key of issue.keys) {
      const meant = nearest(key, knownFields(issue.path))
      if (meant !== undefined) mistyped.add([...issue.path, meant].join('\0'))
    }
  }
  return error.issues.flatMap((issue) => {
    const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
    // Who wrote `path` for `paths` need not be told that `paths` is missing.
    if (missing && mistyped.has(issue.path.join('\0'))) return []
    const place = issue.path.reduce<string>(
      (at, field) => fieldPath(at, typeof field === 'symbol' ? String(field) : field),
      path,
    )
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => unknownField(place, key, knownFields(issue.path)))
    }
    return [problem('invalid_value', place, missing ? 'is missing' : sentence(issue.message))]
  })
}

export function unknownField(path: string, field: string, known: readonly string[]): PipelineProblem {
  const near = nearest(field, known)
  const hint = near === undefined ? `known here: ${known.join(', ')}` : `did you mean '${near}'?`
  return problem(
    'unknown_field',
    fieldPath(path, shortened(field)),
    `there is no field '${shortened(field)}' here`,
    hint,
  )
}

/** Names come from outside and may be of any length. */
export function shortened(name: string): string {
  return name.length > 80 ? `${name.slice(0, 77)}...` : name
}

function sentence(message: string): string {
  return message.charAt(0).toLowerCase() + message.slice(1)
}
