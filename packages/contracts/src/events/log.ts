/** Events of the log itself, on `evt.log`. */
import * as z from 'zod/mini'
import { sha256Schema } from '../ids.ts'

/** Raised after a restore or a rewind; see generations in docs/architecture.md. */
const epochRaisedSchema = z.object({ type: z.literal('EpochRaised'), epoch: z.int(), reason: z.string() })

/** A subject's old commits were copied to ARCHIVE before they were purged. */
const historyArchivedSchema = z.object({
  type: z.literal('HistoryArchived'),
  subject: z.string(),
  /** First and last stream sequence in the object, and how many commits it holds. */
  from: z.int(),
  upto: z.int(),
  commits: z.int(),
  object: z.string(),
  sha256: sha256Schema,
})

export const logEventSchemas = [epochRaisedSchema, historyArchivedSchema] as const
export type LogOwnEvent = z.output<(typeof logEventSchemas)[number]>
