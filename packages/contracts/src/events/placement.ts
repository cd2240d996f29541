/**
 * Events of a job's placement: where it belongs. A difference goes in parts of about 1,000 nodes; parts are set aside
 * by folds until `PlacementCompleted` names their evaluation, and an unfinished one is discarded by the next.
 */
import * as z from 'zod/mini'
import { evaluationIdSchema, nodeIdSchema, sha256Schema } from '../ids.ts'

export const evaluationTriggers = [
  'job_created',
  'job_updated',
  'job_stopped',
  'job_deleted',
  'job_timed_out',
  'node_changed',
  'takeover',
] as const

export const placementChangedSchema = z.object({
  type: z.literal('PlacementChanged'),
  evaluation: evaluationIdSchema,
  /** 0, 1, 2 ... */
  part: z.int(),
  add: z.array(nodeIdSchema),
  remove: z.array(nodeIdSchema),
})

export const placementCompletedSchema = z.object({
  type: z.literal('PlacementCompleted'),
  evaluation: evaluationIdSchema,
  trigger: z.enum(evaluationTriggers),
  /** The job's version that was evaluated. */
  version: z.int(),
  parts: z.int(),
  /** Placed nodes after this evaluation. */
  count: z.int(),
  /** SHA-256 over the sorted placed node ids, one a line: lets a fold prove that it holds the same set. */
  hash: sha256Schema,
  /** Nodes left out, counted by reason (selector, drained, capability, capacity ...). */
  leftOut: z.record(z.string(), z.int()),
})

export type PlacementChanged = z.output<typeof placementChangedSchema>
export type PlacementCompleted = z.output<typeof placementCompletedSchema>
export type EvaluationTrigger = PlacementCompleted['trigger']
export const placementEventSchemas = [placementChangedSchema, placementCompletedSchema] as const
export type PlacementEvent = PlacementChanged | PlacementCompleted
