/**
 * Branded identifiers. A brand makes it a type error to pass a node where an execution is meant; at run time an id is
 * a plain string. Makers take their randomness as an argument, because nothing below the process chassis may draw it.
 */
import * as z from 'zod/mini'

const ULID = /^[0-9A-HJKMNP-TV-Z]{26}$/
/** Node ids stand in subjects as they are, so they use only characters that need no escape there. */
const NODE_ID = /^[A-Za-z0-9_-]{1,64}$/
/** A caller's command id may be anything printable without spaces; it is hashed before it reaches a header. */
const COMMAND_ID = /^[\x21-\x7e]{1,200}$/

const ulid = <B extends string>(brand: B) =>
  z
    .string()
    .check(z.regex(ULID, `expected a ${brand} (a ULID of 26 characters)`))
    .brand<B>()

/** One incarnation of a job: deleting a name and creating it again gives a new id on the same subject. */
export const jobIdSchema = ulid('JobId')
export const rolloutIdSchema = ulid('RolloutId')
export const executionIdSchema = ulid('ExecutionId')
export const evaluationIdSchema = ulid('EvaluationId')
/** One start of an agent process. */
export const bootIdSchema = ulid('BootId')
/** One journal file of an agent; a lost and re-created journal has a new id. */
export const journalIdSchema = ulid('JournalId')
/** Of a join token; no secret. */
export const tokenIdSchema = ulid('TokenId')
export const nodeIdSchema = z
  .string()
  .check(z.regex(NODE_ID, 'expected a node id: 1 to 64 of A-Z a-z 0-9 _ -'))
  .brand<'NodeId'>()
export const commandIdSchema = z
  .string()
  .check(z.regex(COMMAND_ID, 'expected a command id: 1 to 200 printable ASCII characters without spaces'))
  .brand<'CommandId'>()
/** Lower-case hex SHA-256 of canonical JSON (`canonical-json.ts`). */
export const sha256Schema = z
  .string()
  .check(z.regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hex digits'))
  .brand<'Sha256'>()

export type JobId = z.output<typeof jobIdSchema>
export type RolloutId = z.output<typeof rolloutIdSchema>
export type ExecutionId = z.output<typeof executionIdSchema>
export type EvaluationId = z.output<typeof evaluationIdSchema>
export type BootId = z.output<typeof bootIdSchema>
export type JournalId = z.output<typeof journalIdSchema>
export type NodeId = z.output<typeof nodeIdSchema>
export type CommandId = z.output<typeof commandIdSchema>
export type TokenId = z.output<typeof tokenIdSchema>
export type Sha256 = z.output<typeof sha256Schema>

/** A job is found by namespace and name; `jobId` only tells incarnations apart. */
export const jobKeySchema = z.object({ namespace: z.string(), name: z.string() })
export type JobKey = z.output<typeof jobKeySchema>

/** `namespace/name` with "/" and "%" of the parts escaped, so that two different keys never give the same text. */
export const jobKeyText = (key: JobKey): string => `${escapePart(key.namespace)}/${escapePart(key.name)}`
const escapePart = (part: string): string => part.replaceAll('%', '%25').replaceAll('/', '%2F')

/** Reverses `jobKeyText`. */
export const parseJobKeyText = (text: string): JobKey => {
  const cut = text.indexOf('/')
  return { namespace: unescapePart(text.slice(0, cut)), name: unescapePart(text.slice(cut + 1)) }
}
const unescapePart = (part: string): string => part.replaceAll('%2F', '/').replaceAll('%25', '%')
