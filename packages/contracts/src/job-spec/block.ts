/** A block of the spec: an object with known fields only. */
import * as z from 'zod'
import { namingFields } from '../drivers/known-names.ts'

/** A strict object whose complaint about unknown fields says which fields there are. */
export const block = <Shape extends z.core.$ZodLooseShape>(shape: Shape) => z.strictObject(shape, namingFields(shape))

/** What an issue may carry beside its message. */
export interface IssueParams {
  readonly code?: string
  readonly hint?: string
}

/** A custom issue with a hint and, where programs may care, a code of its own. */
export const problem = (message: string, params: IssueParams = {}, path: (string | number)[] = []) => ({
  code: 'custom' as const,
  message,
  path,
  params: { ...params },
})
