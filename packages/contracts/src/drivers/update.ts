/**
 * `config` of an update job: one version of the agent, or of a payload beside it, brought to a node once. Written with
 * zod/mini, because the same definition refuses a bad config when a job is applied and again on the node.
 */
import * as z from 'zod/mini'
import { durationText } from './amounts.ts'
import { artifactSchema } from './artifact.ts'
import { ownCommandSchema } from './config.ts'
import { namingFields } from './known-names.ts'
import { innerPathSchema, modeSchema } from './text.ts'

const fileShape = {
  ...artifactSchema.shape,
  /** Below the slot. */
  path: innerPathSchema,
  /** "0755" where absent. */
  mode: z.optional(modeSchema),
}
const fileSchema = z.strictObject(fileShape, namingFields(fileShape))

const shape = {
  /** `agent`, or the name of a payload: its slots lie below payloads/<name> in the data directory of the node. */
  target: z
    .string()
    .check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'a target is made of letters, digits, ".", "_" and "-"')),
  /** Also the name of its slot. Compared part by part, numbers as numbers; a suffix after "-" comes before none. */
  version: z
    .string('expected a version in quotes, such as "1.4.0"')
    .check(
      z.regex(/^[A-Za-z0-9][A-Za-z0-9.+_-]{0,62}$/, 'a version is made of letters, digits, ".", "+", "_" and "-"'),
    ),
  /** The one file of the version; `files` for several. */
  artifact: z.optional(artifactSchema),
  /** For the agent: files that are not named are taken over from the present version. */
  files: z.optional(z.array(fileSchema).check(z.minLength(1), z.maxLength(64))),
  /** Payload: runs with the new slot at hand, before it is switched to. When it fails, nothing was switched. */
  apply: z.optional(ownCommandSchema),
  /** Payload: runs after each switch, also after one back. */
  restart: z.optional(ownCommandSchema),
  /** Agent: before the switch. Payload: after it, every second, until it ends with 0 or `healthy_within` is over. */
  check: z.optional(ownCommandSchema),
  /** How long the new version may take to be healthy before it is switched back; 1 min where absent. */
  healthy_within: z.optional(durationText({ minMs: 1_000, maxMs: 3_600_000 })),
  /** Lets an older version follow a newer one, and another content follow under the same version. */
  allow_downgrade: z.optional(z.boolean()),
}
export const updateConfigSchema = z.strictObject(shape, namingFields(shape)).check(
  z.refine(({ artifact, files }) => (artifact === undefined) !== (files === undefined), {
    path: ['artifact'],
    error: 'exactly one of artifact and files is needed',
  }),
  z.refine(({ files }) => new Set(files?.map(({ path }) => path)).size === (files?.length ?? 0), {
    path: ['files'],
    error: 'name a path twice',
  }),
  z.refine(({ target, apply, restart }) => target !== 'agent' || (apply === undefined && restart === undefined), {
    path: ['target'],
    error: 'an agent applies and restarts itself; apply and restart are for payloads',
  }),
)
export type UpdateConfig = z.output<typeof updateConfigSchema>
