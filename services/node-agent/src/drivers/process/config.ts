/** The config of a `process` job, as the node reads it: `{command, args, env, cwd}`. */
import * as z from 'zod/mini'

const ENV_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

const envNameSchema = z.string().check(z.regex(ENV_NAME, 'expected a name of letters, digits and _'))

export const processConfigSchema = z.strictObject({
  command: z.string().check(z.minLength(1)),
  args: z.optional(z.array(z.string())),
  env: z.optional(z.record(envNameSchema, z.string())),
  cwd: z.optional(z.string().check(z.minLength(1))),
})
export type ProcessConfig = z.output<typeof processConfigSchema>
