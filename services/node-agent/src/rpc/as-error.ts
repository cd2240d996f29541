/** Whatever a method threw, as an error that the caller can read. */
import { DunlinError } from '@dunlin/contracts/agent'
import * as z from 'zod/mini'

export const asDunlinError = (error: unknown): DunlinError => {
  if (error instanceof DunlinError) return error
  if (error instanceof z.core.$ZodError)
    return new DunlinError('invalid_request', 'The question is not valid.', {
      errors: error.issues.map(({ path, message }) => ({ path: path.join('.'), message })),
      cause: error,
    })
  return new DunlinError('internal', error instanceof Error ? error.message : String(error), { cause: error })
}
