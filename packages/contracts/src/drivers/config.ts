/**
 * `config` of a config job: files that shall be on a node exactly so, and how whoever reads them is told. Written with
 * zod/mini, because the same definition refuses a bad config when a job is applied and again on the node.
 */
import * as z from 'zod/mini'
import { durationText } from './amounts.ts'
import { artifactSchema } from './artifact.ts'
import { namingFields } from './known-names.ts'
import { argsSchema, commandSchema, modeSchema, withoutNul } from './text.ts'

const commandShape = {
  command: commandSchema,
  args: z.optional(argsSchema),
  /** 30 s where absent; what takes longer is killed and has failed. */
  timeout: z.optional(durationText({ minMs: 1 })),
}
const ownCommandSchema = z.strictObject(commandShape, namingFields(commandShape))
/** A command that the agent runs in passing, without a shell. */
export type OwnCommand = z.output<typeof ownCommandSchema>
export { ownCommandSchema }

const absolutePath = withoutNul(4096).check(
  z.refine(
    (text) =>
      text.startsWith('/') &&
      text
        .slice(1)
        .split('/')
        .every((part) => !['', '.', '..'].includes(part)),
    'expected an absolute path without "..", "." or "//"',
  ),
)
const principal = withoutNul(64).check(
  z.regex(/^([A-Za-z_][A-Za-z0-9_.-]*\$?|[0-9]{1,10})$/, 'expected a name or an id'),
)

const MOST_FILE_CHARS = 256 * 1024
const fileShape = {
  path: absolutePath,
  content: z.optional(z.string().check(z.maxLength(MOST_FILE_CHARS))),
  artifact: z.optional(artifactSchema),
  /** That of the file that is there, or "0644", where absent. */
  mode: z.optional(modeSchema),
  /** That of the file that is there, or the agent's own, where absent. */
  owner: z.optional(principal),
  group: z.optional(principal),
}
const fileSchema = z
  .strictObject(fileShape, namingFields(fileShape))
  .check(
    z.refine(
      ({ content, artifact }) => (content === undefined) !== (artifact === undefined),
      'needs exactly one of content and artifact',
    ),
  )
export type ConfigFile = z.output<typeof fileSchema>

const reloadShape = {
  ...commandShape,
  command: z.optional(commandSchema),
  /** Sent to the process whose id stands in `pid_file`. */
  signal: z.optional(
    z.enum(['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGTERM', 'SIGINT'], {
      error: 'expected SIGHUP, SIGUSR1, SIGUSR2, SIGTERM or SIGINT',
    }),
  ),
  pid_file: z.optional(absolutePath),
}
const reloadSchema = z.strictObject(reloadShape, namingFields(reloadShape)).check(
  z.refine(
    ({ command, signal }) => (command === undefined) !== (signal === undefined),
    'needs exactly one of command and signal',
  ),
  z.refine(({ signal, pid_file }) => (signal === undefined) === (pid_file === undefined), {
    path: ['pid_file'],
    error: 'signal and pid_file belong together',
  }),
  z.refine(({ command, args, timeout }) => command !== undefined || (args === undefined && timeout === undefined), {
    path: ['command'],
    error: 'args and timeout belong to a command',
  }),
)
export type Reload = z.output<typeof reloadSchema>

const shape = {
  files: z.array(fileSchema).check(
    z.minLength(1),
    z.maxLength(256),
    z.refine((files) => new Set(files.map(({ path }) => path)).size === files.length, 'names a path twice'),
  ),
  /** Runs before anything is touched; the staged files lie below $DUNLIN_STAGED under their whole paths. */
  validate: z.optional(ownCommandSchema),
  /** After the files are in place; when it fails, all of them go back to what was there. */
  reload: z.optional(reloadSchema),
  /** correct where absent. */
  on_drift: z.optional(z.enum(['correct', 'report'], { error: 'expected correct or report' })),
  /** 30 s where absent. */
  check_every: z.optional(durationText({ minMs: 100 })),
  /** What becomes of the files when the job leaves the node; keep where absent. */
  on_remove: z.optional(z.enum(['keep', 'restore'], { error: 'expected keep or restore' })),
}
export const configConfigSchema = z.strictObject(shape, namingFields(shape))
export type ConfigConfig = z.output<typeof configConfigSchema>
