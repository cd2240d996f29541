/**
 * `config` of a process job: one command, run without a shell. Written with zod/mini, because the same definition refuses
 * a bad config when a job is applied and again on the node.
 */
import * as z from 'zod/mini'
import { namingFields } from './known-names.ts'

const withoutNul = (max: number) =>
  z.string().check(
    z.maxLength(max),
    z.refine((text) => !text.includes('\0'), 'holds a NUL, which no operating system takes'),
  )

/** The shim is a POSIX shell, which keeps no variable of another form. */
const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/

const shape = {
  /** A path, or a name that is looked up on the PATH of the node. No shell reads it. */
  command: withoutNul(4096).check(z.refine((text) => text.trim() !== '', 'must not be empty')),
  args: z.optional(z.array(withoutNul(128 * 1024)).check(z.maxLength(4096))),
  /** The whole environment beside a few variables of the agent: nothing is inherited. */
  env: z.optional(
    z.record(
      z.string().check(z.regex(ENV_NAME, 'a variable name is made of letters, digits and _, no digit first')),
      withoutNul(128 * 1024),
    ),
  ),
  /** Unset: a directory of the execution's own. */
  cwd: z.optional(withoutNul(4096).check(z.refine((text) => text.startsWith('/'), 'expected an absolute path'))),
}
export const processConfigSchema = z.strictObject(shape, namingFields(shape))
export type ProcessConfig = z.infer<typeof processConfigSchema>
