/** Rollouts as the API shows them: in a job, in full, node by node, and as a plan that was not carried out. */
import * as z from 'zod'
import { holds, rolloutTypes, strategies } from '../events/rollout.ts'

export const instant = z.iso.datetime().meta({ description: 'RFC 3339, UTC' })
export const count = z.int().nonnegative()

/** The places that a node can take in a rollout; `waiting` = its turn has not come. */
export const rolloutSlots = ['waiting', 'open', 'healthy', 'failed', 'lost', 'deferred', 'removed'] as const

const slotCounts = {
  open: count.meta({ description: 'Granted, no verdict yet' }),
  healthy: count,
  failed: count,
  lost: count.meta({ description: 'Silent after they had started' }),
  deferred: count.meta({ description: 'Could not be reached when their turn came' }),
  removed: count.meta({ description: 'No longer placed' }),
}

const holdView = z
  .object({
    hold: z.enum(holds),
    since: instant,
    by: z.string(),
    reason: z.string().meta({ description: 'Stable word for programs' }),
    message: z.string(),
  })
  .meta({ id: 'Hold', description: 'Keeps a rollout from advancing; judgement and halting go on' })

const evidenceView = z
  .object({
    settled: count.meta({ description: 'Nodes whose outcome is evidence, since the beginning or the last resume' }),
    failed: count,
    excluded: count.meta({ description: 'Nodes that were unhealthy before: their outcome is no evidence' }),
    before_resume: count.meta({ description: 'Settled before the last resume; they count no more' }),
    e: z.number().optional().meta({ description: 'Evidence that more nodes fail than tolerated; 1 = none' }),
    max_e: z.number().optional().meta({ description: 'The highest it ever was: this one is compared with halt_at' }),
    tolerated_rate: z.number().optional(),
    halt_at: z.number().optional(),
    max_failed_nodes: count.optional(),
    max_failed_nodes_percent: z.number(),
  })
  .meta({ id: 'RolloutEvidence', description: 'What the outcomes of nodes say, against what halts' })

const haltEvidenceView = z.object({
  settled: count,
  failed: count,
  e: z.number().optional(),
  max_e: z.number().optional(),
  tolerated_rate: z.number().optional(),
  halt_at: z.number().optional(),
  at_risk: count,
  budget: count,
})

const causeView = z
  .object({
    code: z.string(),
    message: z.string(),
    hint: z.string().optional(),
    nodes: count.meta({ description: 'How many nodes gave this code' }),
  })
  .meta({
    id: 'FailureCause',
    description: 'What most executions failed by, as far as their nodes still tell; not in lists of jobs',
  })

const rolloutFields = {
  id: z.string(),
  type: z.string(),
  version: z.int(),
  phase: z.string(),
  strategy: z.string().optional(),
  opened_at: instant,
  closed_at: instant.optional(),
  wave: z.int().optional().meta({ description: 'Wave under way, from 1; 0 before the first' }),
  counts: z.object({ targets: count, ...slotCounts }),
  holds: z.array(holdView).optional(),
  budget: count.optional().meta({ description: 'Nodes that may be at risk at once, over all rollouts of the job' }),
  at_risk: count.optional().meta({ description: 'Granted and not settled healthy, over all rollouts of the job' }),
  evidence: evidenceView.optional(),
  halted: z
    .object({
      reason: z.string(),
      message: z.string(),
      at: instant,
      by: z.string(),
      evidence: haltEvidenceView.optional().meta({ description: 'The numbers that decided' }),
      cause: causeView.optional(),
    })
    .optional()
    .meta({ description: 'The last halt; it stays when somebody resumes' }),
}

export const rolloutView = z
  .object({ ...rolloutFields, waves: z.array(count).optional().meta({ description: 'Targets of each wave' }) })
  .meta({ id: 'Rollout' })

const waveView = z.object({
  wave: z.int().meta({ description: 'From 1' }),
  canary: z.boolean(),
  state: z.enum(['waiting', 'running', 'passed']),
  targets: count,
  ...slotCounts,
  waiting: count,
  error_rate: z.number().optional().meta({ description: 'Over the windows that were recorded with its verdicts' }),
})

export const waitView = z
  .object({
    what: z.string().meta({ description: 'Stable word for programs' }),
    message: z.string(),
    until: instant.optional().meta({ description: 'When it ends by itself at the latest' }),
    nodes: count.optional(),
  })
  .meta({ id: 'Wait', description: 'Something that a rollout waits for' })

const policyView = z.object({
  strategy: z.enum(strategies),
  max_parallel: z.object({ unit: z.enum(['percent', 'count']), value: z.number() }),
  canary: z.object({ unit: z.enum(['percent', 'count']), value: z.number() }).optional(),
  auto_promote: z.boolean(),
  auto_rollback: z.boolean(),
  max_failed_nodes: count.optional(),
  max_failed_nodes_percent: z.number(),
  analysis: z.object({ tolerated_rate: z.number(), halt_at: z.number() }).optional(),
  spread_by: z.string().optional(),
  interval_ms: count,
  max_error_rate: z.number(),
  success_threshold: count,
  failure_threshold: count,
  deadline_ms: count,
  expiry_ms: count,
})

export const rolloutDetailView = z
  .object({
    namespace: z.string(),
    name: z.string(),
    ...rolloutFields,
    waves: z.array(waveView),
    joiners: z.object({ targets: count, ...slotCounts }).meta({ description: 'Nodes that were placed after the plan' }),
    already: count.meta({ description: 'Nodes that ran this content healthily before and are left alone' }),
    ramp: z
      .object({ may_be_open: count, until_settled: count })
      .optional()
      .meta({ description: 'How many grants may be open in the first wave until so many nodes have settled' }),
    fallback: z.object({ version: z.int(), content: z.string() }).optional().meta({
      description:
        'What a rollback would go back to; automatic ones only with auto_rollback, and not from a restart or rollback',
    }),
    policy: policyView,
    waits_for: z.array(waitView),
    seq: z.int().meta({ description: 'Log sequence that this reflects' }),
  })
  .meta({ id: 'RolloutDetail' })

const windowView = z.object({
  n: z.int(),
  in: count,
  failed: count,
  error_rate: z.number().optional().meta({ description: 'Absent when nothing came in' }),
  disturbed: z.string().optional(),
})

export const rolloutNodeView = z
  .object({
    node: z.string(),
    slot: z.enum(rolloutSlots),
    wave: z.int().optional().meta({ description: 'From 1; absent for nodes that joined after the plan' }),
    state: z.string().optional().meta({ description: 'Of the execution, as it was last reported' }),
    connection: z.string(),
    execution: z.string().optional(),
    granted_at: instant.optional(),
    was_unhealthy: z.boolean().optional().meta({ description: 'Before it was granted: its outcome is no evidence' }),
    written_off: z.boolean().optional(),
    verdict: z
      .object({ is: z.enum(['healthy', 'failed']), reason: z.string(), at: instant, window: z.int() })
      .optional(),
    windows: z.array(windowView).meta({ description: 'The latest windows: those of the verdict, or the live ones' }),
    live: z.boolean().optional().meta({ description: 'The node was asked for these windows just now' }),
    error_rate: z.number().optional().meta({ description: 'Over these windows' }),
    deadline_at: instant.optional().meta({ description: 'Earliest instant at which the deadline can end it' }),
  })
  .meta({ id: 'RolloutNode' })

export const plannedView = z
  .object({
    namespace: z.string(),
    name: z.string(),
    action: z.enum(['create', 'update', 'unchanged']),
    version: z.int().meta({ description: 'The version that the job would have' }),
    changed: z.array(z.string()).meta({ description: 'Fields of the spec that differ from the present one' }),
    content_changes: z.boolean().meta({ description: 'Whether nodes would see a difference' }),
    placement: z.object({
      placed: count.meta({ description: 'Nodes that the job would belong on' }),
      add: count,
      remove: count,
      left_out: z.record(z.string(), count).meta({ description: 'Nodes left out, by reason' }),
    }),
    rollout: z
      .object({
        type: z.enum(rolloutTypes),
        strategy: z.enum(strategies),
        supersedes: z.string().optional().meta({ description: 'The open rollout that this one would close' }),
        seed: z.int(),
        targets: count,
        already: count,
        unhealthy: count,
        hash: z.string().meta({ description: 'SHA-256 over the ordered target ids, one a line' }),
        first: z.array(z.string()).meta({ description: 'The first targets in their order' }),
        budget: count,
        waves: z.array(
          z.object({
            wave: z.int(),
            canary: z.boolean(),
            nodes: count,
            detectable_rate: z
              .number()
              .meta({ description: 'Failure rates above this one are seen with 95 % confidence' }),
            power: z.string().meta({ description: 'The same in a sentence' }),
          }),
        ),
        ramp: z
          .array(z.object({ may_be_open: count, until_settled: count }))
          .meta({ description: 'Open grants in the first wave, until so many nodes have settled' }),
        policy: policyView,
      })
      .optional()
      .meta({ description: 'Absent when no rollout would be opened' }),
    message: z.string().meta({ description: 'The whole in a sentence' }),
    warnings: z.array(z.object({ code: z.string(), path: z.string(), message: z.string() })),
    seq: z.int().meta({ description: 'Log sequence that this reflects' }),
  })
  .meta({ id: 'Plan', description: 'What applying a spec now would do' })

export type RolloutView = z.output<typeof rolloutView>
export type RolloutDetailView = z.output<typeof rolloutDetailView>
export type RolloutNodeView = z.output<typeof rolloutNodeView>
export type PlannedView = z.output<typeof plannedView>
