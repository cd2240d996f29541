/** Commands that run beside an execution's own: before it starts, before it is stopped, and after it is over. */
import * as z from 'zod/mini'
import { durationText } from './amounts.ts'
import { namingFields } from './known-names.ts'
import { argsSchema, commandSchema } from './text.ts'

const MOST_HOOKS = 16

const shape = {
  command: commandSchema,
  args: z.optional(argsSchema),
  /** 30 s where absent; a hook that takes longer is killed and has failed. */
  timeout: z.optional(durationText({ minMs: 1 })),
}
const hookSchema = z.strictObject(shape, namingFields(shape))
export type Hook = z.output<typeof hookSchema>
export const DEFAULT_HOOK_TIMEOUT_MS = 30_000

const hooksSchema = z.array(hookSchema).check(z.maxLength(MOST_HOOKS))

export const hookShape = {
  /** One after the other, before the command; the first that fails fails the attempt. */
  pre_start: z.optional(hooksSchema),
  /** Before the stop signal, while the command runs; a failing one delays nothing. */
  pre_stop: z.optional(hooksSchema),
  /** When the attempt is over, however it ended. */
  post_stop: z.optional(hooksSchema),
}
