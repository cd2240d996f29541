/** Parameters, headers and errors that several operations have. */
import * as z from 'zod'
import type { ErrorCode } from '../errors/catalogue.ts'

export const text = z.string().min(1).max(1024)
export const reason = z.string().max(1000)
export const jobParams = z.object({ namespace: text, name: text })
/** Digits only: `Number` would also read "", "0x10" and "1e3", and an empty `since` would replay the whole log. */
const digits = (min: number, max: number) =>
  z.preprocess(
    (value) => (typeof value === 'string' && !/^\d{1,15}$/.test(value) ? Number.NaN : value),
    z.coerce
      .number(`expected a whole number${rangeOf(min, max)}`)
      .int()
      .min(min)
      .max(max),
  )
const rangeOf = (min: number, max: number): string => (max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : '')
export const wholeNumber = digits(0, Number.MAX_SAFE_INTEGER)
export const flag = z.enum(['true', 'false']).transform((value) => value === 'true')

const minSeq = wholeNumber
  .optional()
  .meta({ description: 'Wait until this process has read the log up to here: shows what a command has just written' })
export const read = z.strictObject({ min_seq: minSeq })
export const page = {
  // In words too: zod leaves a default out of the JSON Schema of what is preprocessed.
  limit: digits(1, 1000).default(100).meta({ description: 'Items of a page; 100 when absent' }),
  cursor: z.string().max(4096).optional(),
  min_seq: minSeq,
}
export const label = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .meta({ description: 'key=value; may be repeated, then all must hold' })

export const commandHeaders = z.object({
  'idempotency-key': z
    .string()
    .regex(/^[\x21-\x7d][\x21-\x7e]{0,199}$/, 'expected 1 to 200 printable ASCII characters, not beginning with "~"')
    .optional()
    .meta({ description: 'Command id: the same command sent twice is applied once' }),
  'if-match': z
    .string()
    .regex(/^"?(version:)?\d{1,15}"?$/, 'expected a revision, or version:<n>')
    .optional()
    .meta({ description: 'Revision that the job must have, or `version:<n>`; 0 = it must not exist' }),
  'x-dunlin-actor': z
    .string()
    .regex(/^[^\p{Cc}]{1,128}$/u)
    .optional()
    .meta({ description: 'Who asks; recorded as user:<name>' }),
})

export const commandFields = {
  reason: reason.optional().meta({ description: 'Why; recorded in the log' }),
  not_after: z.iso
    .datetime({ offset: true })
    .optional()
    .meta({ description: 'Instant after which the command must not be applied' }),
  actor: z
    .string()
    .regex(/^[^\p{Cc}]{1,128}$/u)
    .optional()
    .meta({ description: 'Who asks, where X-Dunlin-Actor does not say it' }),
}
export const commandBody = z.strictObject(commandFields).optional()
export const rollbackBody = z
  .strictObject({
    ...commandFields,
    version: z.int().positive().optional().meta({
      description: 'Version whose content to go back to; absent = the latest other content that was proven',
    }),
    whole: z.boolean().optional().meta({ description: 'Take the whole old spec, and not its content alone' }),
  })
  .optional()

export const commandErrors = [
  'idempotency_key_reused',
  'precondition_failed',
  'expired',
  'log_full',
  'log_busy',
  'log_gap',
  'needs_upgrade',
] as const satisfies readonly ErrorCode[]
