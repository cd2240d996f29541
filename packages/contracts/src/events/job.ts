/** Events of a job's own part: what people asked for, and the derived state that everybody reads. */
import * as z from 'zod/mini'
import { jobIdSchema, sha256Schema } from '../ids.ts'

/** The eleven states of `job-model`; derived by one pure function and stored when it changes. */
export const jobStateTypes = [
  'pending',
  'queued',
  'deploying',
  'running',
  'rollout_paused',
  'rollout_failed',
  'degraded',
  'completed',
  'failed',
  'stopped',
  'deleted',
] as const
export const jobStateTypeSchema = z.enum(jobStateTypes)
export type JobStateType = z.output<typeof jobStateTypeSchema>

/** A parsed native spec, kept whole in the log: SPECS and every view can be rebuilt from here. */
const storedSpecSchema = z.record(z.string(), z.unknown())

export const jobCreatedSchema = z.object({
  type: z.literal('JobCreated'),
  jobId: jobIdSchema,
  /** 1 for a new name; versions go on counting when a deleted name is created again. */
  version: z.int(),
  spec: storedSpecSchema,
  specHash: sha256Schema,
  /** Hash of what a node acts on (docs/glossary: content). */
  content: sha256Schema,
})

export const jobUpdatedSchema = z.object({
  type: z.literal('JobUpdated'),
  version: z.int(),
  spec: storedSpecSchema,
  specHash: sha256Schema,
  content: sha256Schema,
  rolledBackFrom: z.optional(z.int()),
  /** The version whose content (or whole spec) a rollback took. */
  rolledBackTo: z.optional(z.int()),
  /** The content is to be rolled out again although it is the same. */
  rerun: z.optional(z.literal(true)),
  reason: z.optional(z.string()),
})

export const jobStoppedSchema = z.object({ type: z.literal('JobStopped'), reason: z.optional(z.string()) })
export const jobDeletedSchema = z.object({
  type: z.literal('JobDeleted'),
  reason: z.optional(z.string()),
  forced: z.boolean(),
})

/**
 * A time limit of the spec has run out: every grant is void as after a stop, and the job has failed until it is applied or run
 * again. `queue` counts from the last time that it was queued, `total` from the creation of the version.
 */
export const jobTimedOutSchema = z.object({
  type: z.literal('JobTimedOut'),
  timeout: z.enum(['queue', 'total']),
  version: z.int(),
})

export const jobStateChangedSchema = z.object({
  type: z.literal('JobStateChanged'),
  state: jobStateTypeSchema,
  /** Stable word for programs, e.g. `no_matching_node`. */
  reason: z.string(),
  /** Sentence for people. */
  message: z.string(),
  /** Set when the state waits for something: for what, and until when (ms since the epoch) if there is an end. */
  waitsFor: z.optional(z.string()),
  until: z.optional(z.int()),
  /** Numbers behind the message, e.g. `{"healthy": 4, "targets": 5}`. */
  details: z.optional(z.record(z.string(), z.number())),
})

export const commandOutcomeSchema = z.object({
  version: z.int(),
  revision: z.int(),
  jobId: jobIdSchema,
  unchanged: z.boolean(),
})
/** What a repeated command is answered with. */
export type CommandOutcome = z.output<typeof commandOutcomeSchema>

/** An unchanged command that carried a caller's id: remembered, but neither version nor revision moves. */
export const commandNotedSchema = z.object({ type: z.literal('CommandNoted'), outcome: commandOutcomeSchema })

/** Replaces the aggregate's state by a stored one; admitted at any higher version. Also on other subjects. */
export const checkpointedSchema = z.object({
  type: z.literal('Checkpointed'),
  /** Stream sequence of the last commit that the stored state holds. */
  upto: z.int(),
  /** Object in ARCHIVE, named by its hash. */
  object: z.string(),
  sha256: sha256Schema,
})

export type JobCreated = z.output<typeof jobCreatedSchema>
export type JobUpdated = z.output<typeof jobUpdatedSchema>
export type JobStopped = z.output<typeof jobStoppedSchema>
export type JobDeleted = z.output<typeof jobDeletedSchema>
export type JobTimedOut = z.output<typeof jobTimedOutSchema>
export type JobStateChanged = z.output<typeof jobStateChangedSchema>
export type CommandNoted = z.output<typeof commandNotedSchema>
export type Checkpointed = z.output<typeof checkpointedSchema>

export const jobEventSchemas = [
  jobCreatedSchema,
  jobUpdatedSchema,
  jobStoppedSchema,
  jobDeletedSchema,
  jobTimedOutSchema,
  jobStateChangedSchema,
  commandNotedSchema,
  checkpointedSchema,
] as const
export type JobEvent =
  | JobCreated
  | JobUpdated
  | JobStopped
  | JobDeleted
  | JobTimedOut
  | JobStateChanged
  | CommandNoted
  | Checkpointed
