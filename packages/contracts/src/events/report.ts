/**
 * Events of a report subject: facts that a node says about itself. The node is the only writer; `v` counts from 1
 * within a boot, and each transition also carries the journal's own counter `j`, which survives restarts of the agent.
 */
import * as z from 'zod/mini'
import { generationSchema } from '../generation.ts'
import { bootIdSchema, executionIdSchema, jobKeySchema, journalIdSchema, sha256Schema } from '../ids.ts'
import { labelsSchema } from '../labels.ts'

/** What an agent can say of an execution. `pending`, `validating` and `lost` are conclusions of the centre. */
export const reportedStates = ['starting', 'running', 'degraded', 'stopping', 'stopped', 'completed', 'failed'] as const
export type ReportedState = (typeof reportedStates)[number]

export const transitionSchema = z.object({
  execution: executionIdSchema,
  job: jobKeySchema,
  /** Generation of the grant that the execution runs under. */
  generation: generationSchema,
  content: sha256Schema,
  state: z.enum(reportedStates),
  /** Attempts inside the execution: 1 for the first start, one more for each restart. */
  attempt: z.int(),
  /** Milliseconds since the epoch, by the node's clock. */
  at: z.int(),
  exit: z.optional(z.object({ code: z.nullable(z.int()), signal: z.nullable(z.string()) })),
  error: z.optional(z.object({ code: z.string(), message: z.string(), hint: z.optional(z.string()) })),
  /** When the next attempt is due, ms since the epoch. */
  nextAttemptAt: z.optional(z.int()),
  /** How many earlier transitions this one stands for, after compaction of the journal. */
  replaces: z.optional(z.int()),
})
export type Transition = z.output<typeof transitionSchema>

export const executionReportedSchema = z.object({
  type: z.literal('ExecutionReported'),
  journal: journalIdSchema,
  /** Counted by the journal across boots; a fold ignores one that is not above the last of that journal. */
  j: z.int(),
  ...transitionSchema.shape,
})

/** What is wrong with a node, by its own word: a code of the error catalogue and a sentence. */
const nodeProblemSchema = z.object({ code: z.string(), message: z.string() })
export type NodeProblem = z.output<typeof nodeProblemSchema>

export const nodeAnnouncedSchema = z.object({
  type: z.literal('NodeAnnounced'),
  boot: bootIdSchema,
  /** Lowest and highest protocol that this agent speaks. */
  protocol: z.tuple([z.int(), z.int()]),
  agentVersion: z.string(),
  labels: labelsSchema,
  /** Job types that this node can run, e.g. ["process", "pipeline"]. */
  drivers: z.array(z.string()),
  /** What the node can do beyond its drivers, e.g. ["cgroup.memory", "container.podman"]; absent = it does not say. */
  capabilities: z.optional(z.array(z.string())),
  resources: z.object({ cpus: z.number(), memoryBytes: z.int(), diskBytes: z.optional(z.int()) }),
  journal: journalIdSchema,
  /** The journal's counter up to which `executions` tells everything. */
  j: z.int(),
  /** What was wrong when it announced itself; absent = nothing. A change is told by another announcement. */
  problems: z.optional(z.array(nodeProblemSchema)),
  /** The latest transition of each execution that the node still knows. */
  executions: z.array(transitionSchema),
})

export type ExecutionReported = z.output<typeof executionReportedSchema>
export type NodeAnnounced = z.output<typeof nodeAnnouncedSchema>
export const reportEventSchemas = [nodeAnnouncedSchema, executionReportedSchema] as const
export type ReportEvent = NodeAnnounced | ExecutionReported
