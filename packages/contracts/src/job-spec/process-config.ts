/** `config` of a process job: one command, run without a shell. */
import * as z from 'zod'
import { block } from './block.ts'

const withoutNul = (max: number) =>
  z
    .string()
    .max(max)
    .refine((text) => !text.includes('\0'), 'holds a NUL, which no operating system takes')

export const processConfigSchema = block({
  command: withoutNul(4096)
    .refine((text) => text.trim() !== '', 'must not be empty')
    .meta({ description: 'A path, or a name that is looked up on the PATH of the node. No shell reads it.' }),
  args: z
    .array(withoutNul(128 * 1024))
    .max(4096)
    .optional(),
  env: z
    .record(
      z.string().regex(/^[^=\0]{1,256}$/, 'a variable name is not empty and holds no "="'),
      withoutNul(128 * 1024),
    )
    .optional()
    .meta({ description: 'The whole environment beside a few variables of the agent: nothing is inherited.' }),
  cwd: withoutNul(4096)
    .refine((text) => text.startsWith('/'), 'expected an absolute path')
    .optional(),
})
export type ProcessConfig = z.output<typeof processConfigSchema>
