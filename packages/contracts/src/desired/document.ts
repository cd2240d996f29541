/**
 * The desired document: everything that one node shall run, complete, with a generation. It is derived from the log and
 * can be rebuilt; a node that slept a week reads this one message and is right again. What is absent shall not run.
 */
import * as z from 'zod/mini'
import { generationSchema } from '../generation.ts'
import { executionIdSchema, jobIdSchema, jobKeySchema, nodeIdSchema, rolloutIdSchema, sha256Schema } from '../ids.ts'

export const DESIRED_SCHEMA = 1
export const MAX_DESIRED_BYTES = 768 * 1024

export const desiredExecutionSchema = z.object({
  execution: executionIdSchema,
  job: jobKeySchema,
  jobId: jobIdSchema,
  version: z.int(),
  rollout: rolloutIdSchema,
  /** The grant's (epoch, sequence). */
  generation: generationSchema,
  /** Where to fetch what to run: the body of `spec.<content>`, whose SHA-256 this is. */
  content: sha256Schema,
  /** How the node cuts its windows while it validates; from the rollout's policy. */
  health: z.object({
    intervalMs: z.int(),
    maxErrorRate: z.number(),
    successThreshold: z.int(),
    failureThreshold: z.int(),
    deadlineMs: z.int(),
  }),
  /** A stopped entry tells the node to stop it and to keep knowing its outcome; a failed execution of a halted rollout. */
  desired: z.enum(['running', 'stopped']),
})
export type DesiredExecution = z.output<typeof desiredExecutionSchema>

export const desiredDocumentSchema = z.object({
  s: z.literal(DESIRED_SCHEMA),
  node: nodeIdSchema,
  /** The last commit that changed this document. */
  generation: generationSchema,
  executions: z.array(desiredExecutionSchema),
})
export type DesiredDocument = z.output<typeof desiredDocumentSchema>
