/** The body of a command by its schema; every mistake in it is told at once. */
import { DunlinError } from '@dunlin/contracts'

export interface BodySchema<T> {
  safeParse(
    body: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: { readonly issues: readonly BodyIssue[] } }
}
interface BodyIssue {
  readonly path: readonly PropertyKey[]
  readonly message: string
}

/** Throws invalid_command. */
export const readBody = <T>(schema: BodySchema<T>, body: unknown): T => {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  throw new DunlinError('invalid_command', undefined, {
    errors: read.error.issues.map(({ path, message }) => ({ path: path.map(String).join('.'), message })),
  })
}
