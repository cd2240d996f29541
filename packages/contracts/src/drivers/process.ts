/**
 * `config` of a process job: one command, run without a shell. Written with zod/mini, because the same definition refuses
 * a bad config when a job is applied and again on the node.
 */
import * as z from 'zod/mini'
import { artifactSchema } from './artifact.ts'
import { envSchema } from './env.ts'
import { hookShape } from './hooks.ts'
import { namingFields } from './known-names.ts'
import { logLimitsSchema } from './log-limits.ts'
import { stopShape } from './stopping.ts'
import { argsSchema, commandSchema, innerPathSchema, modeSchema, withoutNul } from './text.ts'

const userSchema = withoutNul(64).check(
  z.regex(/^([A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]{1,10})$/, 'expected a name or an id'),
)

/** Files are written before the command starts, below its local directory. */
const MOST_FILE_CHARS = 256 * 1024
const fileShape = {
  path: innerPathSchema,
  content: z.optional(z.string().check(z.maxLength(MOST_FILE_CHARS))),
  /** Liquid: node.id, node.labels, job, execution, attempt, env and secrets are known; anything else is an error. */
  template: z.optional(z.string().check(z.maxLength(MOST_FILE_CHARS))),
  artifact: z.optional(artifactSchema),
  mode: z.optional(modeSchema),
}
const fileSchema = z
  .strictObject(fileShape, namingFields(fileShape))
  .check(
    z.refine(
      ({ content, template, artifact }) =>
        [content, template, artifact].filter((one) => one !== undefined).length === 1,
      'needs exactly one of content, template and artifact',
    ),
  )
export type ProcessFile = z.output<typeof fileSchema>

const fetchedShape = {
  ...artifactSchema.shape,
  /** Below the local directory; the last part of the source's path where absent. */
  destination: z.optional(innerPathSchema),
  mode: z.optional(modeSchema),
}
const fetchedSchema = z.strictObject(fetchedShape, namingFields(fetchedShape))
export type FetchedArtifact = z.output<typeof fetchedSchema>

const limit = z.union([z.int().check(z.minimum(0)), z.literal('unlimited')], 'expected a whole number or "unlimited"')
const rlimitsShape = {
  nofile: z.optional(limit),
  nproc: z.optional(limit),
  /** Bytes. */
  core: z.optional(limit),
  /** Bytes. */
  fsize: z.optional(limit),
  /** Bytes of address space. */
  as: z.optional(limit),
  /** Bytes. */
  stack: z.optional(limit),
  /** Bytes. */
  memlock: z.optional(limit),
  /** Seconds of processor time. */
  cpu: z.optional(limit),
}
export type Rlimits = z.output<z.ZodMiniObject<typeof rlimitsShape>>

const shape = {
  /** A path, or a name that is looked up on the PATH of the node. No shell reads it. */
  command: commandSchema,
  args: z.optional(argsSchema),
  /** The whole environment beside secrets and a few variables of the agent: nothing is inherited. */
  env: z.optional(envSchema),
  /** Unset: a directory of the execution's own. */
  cwd: z.optional(withoutNul(4096).check(z.refine((text) => text.startsWith('/'), 'expected an absolute path'))),
  user: z.optional(userSchema),
  group: z.optional(userSchema),
  umask: z.optional(
    z
      .string('expected a mask in quotes, such as "0027"')
      .check(z.regex(/^0?[0-7]{3}$/, 'expected an octal mask such as "0027"')),
  ),
  files: z.optional(z.array(fileSchema).check(z.maxLength(256))),
  artifacts: z.optional(z.array(fetchedSchema).check(z.maxLength(64))),
  rlimits: z.optional(z.strictObject(rlimitsShape, namingFields(rlimitsShape))),
  logs: z.optional(logLimitsSchema),
  ...stopShape,
  ...hookShape,
}
export const processConfigSchema = z.strictObject(shape, namingFields(shape))
export type ProcessConfig = z.infer<typeof processConfigSchema>
