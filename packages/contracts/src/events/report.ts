/**
 * Events of a report subject: facts that a node says about itself. The node is the only writer; `v` counts from 1
 * within a boot, and each transition also carries the journal's own counter `j`, which survives restarts of the agent.
 */
import * as z from 'zod/mini'
import { generationSchema } from '../generation.ts'
import { bootIdSchema, executionIdSchema, journalIdSchema, sha256Schema } from '../ids.ts'
import { instantSchema } from '../instant.ts'
import { labelsSchema } from '../labels.ts'

/** What an agent can say of an execution. `pending`, `validating` and `lost` are conclusions of the centre. */
export const reportedStates = ['starting', 'running', 'degraded', 'stopping', 'stopped', 'completed', 'failed'] as const
export type ReportedState = (typeof reportedStates)[number]

/**
 * Whoever holds a node's credential may write here, so nothing is without bound; the bounds are far above what an agent
 * sends (`MOST_ERROR_CHARS` there is 1,000), because what breaks one is ignored whole.
 */
const atMost = (chars: number) => z.string().check(z.maxLength(chars))
const CODE_CHARS = 128
const TEXT_CHARS = 8_192
/** A subject has no room for more. */
const NAME_CHARS = 254
/** Lists of the centre put names together with control characters between them. */
const nameSchema = z.string().check(z.maxLength(NAME_CHARS), z.regex(/^\P{Cc}*$/u))
const countSchema = z.int().check(z.nonnegative())

export const transitionSchema = z.object({
  execution: executionIdSchema,
  job: z.object({ namespace: nameSchema, name: nameSchema }),
  /** Generation of the grant that the execution runs under. */
  generation: generationSchema,
  content: sha256Schema,
  state: z.enum(reportedStates),
  /** Attempts inside the execution: 1 for the first start, one more for each restart. */
  attempt: countSchema,
  /** Milliseconds since the epoch, by the node's clock. */
  at: instantSchema,
  exit: z.optional(z.object({ code: z.nullable(z.int()), signal: z.nullable(atMost(CODE_CHARS)) })),
  error: z.optional(
    z.object({ code: atMost(CODE_CHARS), message: atMost(TEXT_CHARS), hint: z.optional(atMost(TEXT_CHARS)) }),
  ),
  /** When the next attempt is due, ms since the epoch. */
  nextAttemptAt: z.optional(instantSchema),
  /** How many earlier transitions this one stands for, after compaction of the journal. */
  replaces: z.optional(countSchema),
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
const nodeProblemSchema = z.object({ code: atMost(CODE_CHARS), message: atMost(TEXT_CHARS) })
export type NodeProblem = z.output<typeof nodeProblemSchema>

export const nodeAnnouncedSchema = z.object({
  type: z.literal('NodeAnnounced'),
  boot: bootIdSchema,
  /** Lowest and highest protocol that this agent speaks. */
  protocol: z.tuple([z.int(), z.int()]),
  agentVersion: atMost(CODE_CHARS),
  /** Of very many, some are not believed; see `labelsOf` of the domain. */
  labels: labelsSchema,
  /** Job types that this node can run, e.g. ["process", "pipeline"]. */
  drivers: z.array(atMost(CODE_CHARS)).check(z.maxLength(64)),
  /** What the node can do beyond its drivers, e.g. ["cgroup.memory", "container.podman"]; absent = it does not say. */
  capabilities: z.optional(z.array(atMost(CODE_CHARS)).check(z.maxLength(256))),
  resources: z.object({
    cpus: z.number().check(z.nonnegative(), z.maximum(1_000_000)),
    memoryBytes: countSchema,
    diskBytes: z.optional(countSchema),
  }),
  journal: journalIdSchema,
  /** The journal's counter up to which `executions` tells everything. */
  j: z.int(),
  /** What was wrong when it announced itself; absent = nothing. A change is told by another announcement. */
  problems: z.optional(z.array(nodeProblemSchema).check(z.maxLength(64))),
  /** The latest transition of each execution that the node still knows. */
  executions: z.array(transitionSchema),
})

export type ExecutionReported = z.output<typeof executionReportedSchema>
export type NodeAnnounced = z.output<typeof nodeAnnouncedSchema>
export const reportEventSchemas = [nodeAnnouncedSchema, executionReportedSchema] as const
export type ReportEvent = NodeAnnounced | ExecutionReported
