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
  /** Absent = no limit by number. */
  maxFailedNodes: z.optional(z.int()),
  maxFailedNodesPercent: z.number(),
  autoRollback: z.boolean(),
  /** The always-valid test on node outcomes; absent = only the limits halt. */
  analysis: z.optional(
    z.object({
      /** Tolerated share of failing nodes, 0..1. */
      p0: z.number(),
      /** Halts when the evidence against p0 reaches this many times its beginning. */
      haltAt: z.number(),
    }),
  ),
  /** Label over whose values the order of the targets is spread. */
  spreadBy: z.optional(z.string()),
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
  /** Nodes that may be at risk at once, over all rollouts of the job. Logs before 0.2 leave it out: the wave size then. */
  budget: z.optional(z.int()),
  /** Targets that were unhealthy when the plan was drawn. When all were, all of them give evidence. */
  unhealthy: z.optional(z.int()),
  /** Placed nodes that run this content healthily already and are left alone. */
  already: z.optional(z.int()),
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
  /** Those among them that were unhealthy at this moment: their outcome is no evidence about the version. */
  unhealthy: z.optional(z.array(nodeIdSchema)),
})

/** A target whose turn came while it could not be reached: in no denominator. Logs before 0.2 revoke grants by it, too. */
export const nodesDeferredSchema = z.object({
  type: z.literal('NodesDeferred'),
  rollout: rolloutIdSchema,
  nodes: z.array(z.object({ node: nodeIdSchema, reason: z.enum(['offline', 'revoked', 'rollout_halted']) })),
})

/**
 * Open grants of nodes that fell silent before they started. Each node's last healthy grant stands again; its place in the
 * budget stays taken, because it may have read the grant and may still activate it.
 */
export const grantsRevokedSchema = z.object({
  type: z.literal('GrantsRevoked'),
  rollout: rolloutIdSchema,
  nodes: z.array(nodeIdSchema),
})

/** Revoked grants that can no longer be activated: the documents without them are written for longer than any is fresh. */
export const placesFreedSchema = z.object({
  type: z.literal('PlacesFreed'),
  rollout: rolloutIdSchema,
  nodes: z.array(nodeIdSchema),
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
  /**
   * Stable word: success_threshold, failure_threshold, deadline, execution_failed, completed, lost_after (silent after
   * `starting`), not_started (had the grant and never started), recovered (healthy after it had failed).
   */
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
  lost: z.optional(z.int()),
  removed: z.optional(z.int()),
})

export const holds = ['user', 'canary', 'budget', 'visibility'] as const

/** Keeps a rollout from advancing. Evaluation and halting go on; its deadlines stop. */
export const holdPlacedSchema = z.object({
  type: z.literal('HoldPlaced'),
  rollout: rolloutIdSchema,
  hold: z.enum(holds),
  /** Stable word: requested, canary_passed, canary_failed, canary_removed, places_taken, site_silent, windows_unknown. */
  reason: z.string(),
  message: z.string(),
})

export const holdLiftedSchema = z.object({
  type: z.literal('HoldLifted'),
  rollout: rolloutIdSchema,
  hold: z.enum(holds),
  /** Stable word, or what the person said. */
  reason: z.optional(z.string()),
})

/** The numbers that decided a halt: anybody can compute it again from the verdicts before it. */
export const haltEvidenceSchema = z.object({
  settled: z.int(),
  failed: z.int(),
  /** Present with analysis: the evidence now, its maximum, and the limit that the maximum reached. */
  e: z.optional(z.number()),
  maxE: z.optional(z.number()),
  p0: z.optional(z.number()),
  haltAt: z.optional(z.number()),
  atRisk: z.int(),
  budget: z.int(),
})

export const rolloutHaltedSchema = z.object({
  type: z.literal('RolloutHalted'),
  rollout: rolloutIdSchema,
  /** analysis, budget_exhausted, max_failed_nodes, max_failed_nodes_percent, none_healthy, requested */
  reason: z.string(),
  message: z.string(),
  counts: rolloutCounts,
  evidence: z.optional(haltEvidenceSchema),
})

/**
 * A person revives a halted rollout, or one that waits for places: nodes failed at this moment are written off. Evidence of a
 * halted one begins anew.
 */
export const rolloutResumedSchema = z.object({
  type: z.literal('RolloutResumed'),
  rollout: rolloutIdSchema,
  /** How many, and who; absent where they are too many to name, and in what an early 0.2 wrote: who had failed in this rollout. */
  writtenOff: z.int(),
  nodes: z.optional(z.array(nodeIdSchema)),
  reason: z.optional(z.string()),
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
export type GrantsRevoked = z.output<typeof grantsRevokedSchema>
export type PlacesFreed = z.output<typeof placesFreedSchema>
export type HealthWindow = z.output<typeof windowSchema>
export type Verdict = z.output<typeof verdictSchema>
export type VerdictsReached = z.output<typeof verdictsReachedSchema>
export type RolloutCounts = z.output<typeof rolloutCounts>
export type RolloutHalted = z.output<typeof rolloutHaltedSchema>
export type Hold = (typeof holds)[number]
export type HoldPlaced = z.output<typeof holdPlacedSchema>
export type HoldLifted = z.output<typeof holdLiftedSchema>
export type HaltEvidence = z.output<typeof haltEvidenceSchema>
export type RolloutResumed = z.output<typeof rolloutResumedSchema>
export type RolloutClosed = z.output<typeof rolloutClosedSchema>

export const rolloutEventSchemas = [
  rolloutOpenedSchema,
  planDrawnSchema,
  planCompletedSchema,
  waveStartedSchema,
  wavePassedSchema,
  nodesGrantedSchema,
  nodesDeferredSchema,
  grantsRevokedSchema,
  placesFreedSchema,
  verdictsReachedSchema,
  holdPlacedSchema,
  holdLiftedSchema,
  rolloutHaltedSchema,
  rolloutResumedSchema,
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
  | GrantsRevoked
  | PlacesFreed
  | VerdictsReached
  | HoldPlaced
  | HoldLifted
  | RolloutHalted
  | RolloutResumed
  | RolloutClosed
