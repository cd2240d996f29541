/**
 * Events of a job's rollouts: when each node may run which content. All rollouts of a job stand on the job's subject, so
 * that one compare-and-set guards "only one rollout grants" and the budget over all of them.
 */
import * as z from 'zod/mini'
import { executionIdSchema, nodeIdSchema, rolloutIdSchema, sha256Schema } from '../ids.ts'
import { generationSchema } from '../generation.ts'

export const rolloutTypes = ['create', 'update', 'restart', 'rollback'] as const
export const strategies = ['immediate', 'rolling', 'canary'] as const

/** The rollout block of a spec with every default filled in: what judges and planners work with. Durations in ms. */
export const rolloutPolicySchema = z.object({
  strategy: z.enum(strategies),
  /** Wave size: a share of the targets (percent), or a count in the older generation (0 = all). */
  maxParallel: z.object({ unit: z.enum(['percent', 'count']), value: z.number() }),
  canary: z.object({ unit: z.enum(['percent', 'count']), value: z.number() }),
  autoPromote: z.boolean(),
  maxFailedNodes: z.int(),
  maxFailedNodesPercent: z.number(),
  autoRollback: z.boolean(),
  health: z.object({
    intervalMs: z.int(),
    /** 0..1; 0 tolerates no error. */
    maxErrorRate: z.number(),
    successThreshold: z.int(),
    failureThreshold: z.int(),
    deadlineMs: z.int(),
  }),
  /** After this, a rollout of which nothing is open gives up waiting for deferred nodes. */
  expiryMs: z.int(),
})

export const rolloutOpenedSchema = z.object({
  type: z.literal('RolloutOpened'),
  rollout: rolloutIdSchema,
  rolloutType: z.enum(rolloutTypes),
  version: z.int(),
  content: sha256Schema,
  policy: rolloutPolicySchema,
  /** Decides the order of the targets; drawn by the opener's random port and recorded. */
  seed: z.int(),
  /** The rollout that this commit closes, if one was open. */
  supersedes: z.optional(rolloutIdSchema),
})

/** The ordered targets, in parts. The order is stored, so that a newer planner cannot change a running plan. */
export const planDrawnSchema = z.object({
  type: z.literal('PlanDrawn'),
  rollout: rolloutIdSchema,
  part: z.int(),
  targets: z.array(nodeIdSchema),
})

export const planCompletedSchema = z.object({
  type: z.literal('PlanCompleted'),
  rollout: rolloutIdSchema,
  parts: z.int(),
  count: z.int(),
  /** SHA-256 over the ordered target ids, one a line. */
  hash: sha256Schema,
  /** Log sequence of the placement that was planned. */
  placedAt: z.int(),
  /** Number of targets in each wave, in order; their sum is `count`. */
  waves: z.array(z.int()),
})

export const waveStartedSchema = z.object({ type: z.literal('WaveStarted'), rollout: rolloutIdSchema, wave: z.int() })
export const wavePassedSchema = z.object({ type: z.literal('WavePassed'), rollout: rolloutIdSchema, wave: z.int() })

/** Up to about 1,000 grants a commit; the commit's (epoch, sequence) is the generation of each. */
export const nodesGrantedSchema = z.object({
  type: z.literal('NodesGranted'),
  rollout: rolloutIdSchema,
  wave: z.int(),
  version: z.int(),
  content: sha256Schema,
  /** The epoch in force at this commit. */
  epoch: z.int(),
  grants: z.array(z.tuple([nodeIdSchema, executionIdSchema])),
})

/** A target whose turn came while it could not be reached (or was revoked before it started): in no denominator. */
export const nodesDeferredSchema = z.object({
  type: z.literal('NodesDeferred'),
  rollout: rolloutIdSchema,
  nodes: z.array(z.object({ node: nodeIdSchema, reason: z.enum(['offline', 'revoked', 'rollout_halted']) })),
})

/** One window as the node cut it: number, messages in and messages failed inside it, and what disturbed it. */
export const windowSchema = z.object({
  n: z.int(),
  in: z.int(),
  failed: z.int(),
  disturbed: z.optional(z.enum(['restart', 'input_disconnected', 'output_disconnected', 'probe_failed'])),
})

export const verdictSchema = z.object({
  node: nodeIdSchema,
  execution: executionIdSchema,
  generation: generationSchema,
  verdict: z.enum(['healthy', 'failed']),
  /** Stable word: success_threshold, failure_threshold, deadline, execution_failed, completed ... */
  reason: z.string(),
  /** Number of the window at which it was reached; with the generation it is the verdict's id. */
  window: z.int(),
  /** The windows that decided, so that anybody can judge again. */
  evidence: z.array(windowSchema),
})

export const verdictsReachedSchema = z.object({
  type: z.literal('VerdictsReached'),
  rollout: rolloutIdSchema,
  verdicts: z.array(verdictSchema),
})

const rolloutCounts = z.object({
  targets: z.int(),
  granted: z.int(),
  healthy: z.int(),
  failed: z.int(),
  deferred: z.int(),
})

export const rolloutHaltedSchema = z.object({
  type: z.literal('RolloutHalted'),
  rollout: rolloutIdSchema,
  /** budget_exhausted, max_failed_nodes, max_failed_nodes_percent, requested */
  reason: z.string(),
  message: z.string(),
  counts: rolloutCounts,
})

export const rolloutClosedSchema = z.object({
  type: z.literal('RolloutClosed'),
  rollout: rolloutIdSchema,
  outcome: z.enum(['completed', 'superseded', 'canceled', 'expired']),
  reason: z.optional(z.string()),
  counts: rolloutCounts,
})

export type RolloutType = (typeof rolloutTypes)[number]
export type Strategy = (typeof strategies)[number]
export type RolloutPolicy = z.output<typeof rolloutPolicySchema>
export type RolloutOpened = z.output<typeof rolloutOpenedSchema>
export type PlanDrawn = z.output<typeof planDrawnSchema>
export type PlanCompleted = z.output<typeof planCompletedSchema>
export type WaveStarted = z.output<typeof waveStartedSchema>
export type WavePassed = z.output<typeof wavePassedSchema>
export type NodesGranted = z.output<typeof nodesGrantedSchema>
export type NodesDeferred = z.output<typeof nodesDeferredSchema>
export type HealthWindow = z.output<typeof windowSchema>
export type Verdict = z.output<typeof verdictSchema>
export type VerdictsReached = z.output<typeof verdictsReachedSchema>
export type RolloutCounts = z.output<typeof rolloutCounts>
export type RolloutHalted = z.output<typeof rolloutHaltedSchema>
export type RolloutClosed = z.output<typeof rolloutClosedSchema>

export const rolloutEventSchemas = [
  rolloutOpenedSchema,
  planDrawnSchema,
  planCompletedSchema,
  waveStartedSchema,
  wavePassedSchema,
  nodesGrantedSchema,
  nodesDeferredSchema,
  verdictsReachedSchema,
  rolloutHaltedSchema,
  rolloutClosedSchema,
] as const
export type RolloutEvent =
  | RolloutOpened
  | PlanDrawn
  | PlanCompleted
  | WaveStarted
  | WavePassed
  | NodesGranted
  | NodesDeferred
  | VerdictsReached
  | RolloutHalted
  | RolloutClosed
