/** What the API shows: instants as RFC 3339, names in snake_case, numbers as they stand in the log. */
import * as z from 'zod'
import { jobStateTypes } from '../events/job.ts'
import { count, instant, rolloutView } from './rollout-views.ts'

const labels = z.record(z.string(), z.string())

export const executionStates = [
  'pending',
  'starting',
  'validating',
  'running',
  'degraded',
  'stopping',
  'stopped',
  'completed',
  'failed',
  'lost',
] as const

const jobStateView = z
  .object({
    state_type: z.enum(jobStateTypes),
    reason: z.string().meta({ description: 'Stable word for programs' }),
    message: z.string().meta({ description: 'Sentence for people' }),
    since: instant,
    waits_for: z.string().optional(),
    until: instant.optional(),
    details: z.record(z.string(), z.number()).optional(),
  })
  .meta({ id: 'JobState' })

const jobStatusFields = {
  version: z.int(),
  revision: z.int(),
  created_at: instant,
  updated_at: instant,
  lifecycle: z.enum(['active', 'stopped', 'failed', 'deleted']),
  state: jobStateView,
  rollout: rolloutView.optional(),
  placed: count.meta({ description: 'Nodes that the job belongs on' }),
  seq: z.int().meta({ description: "Log sequence of the job's last commit" }),
  condition: z.string().optional().meta({ description: 'Set when this process can only read the job, and why' }),
}

/** In a list: the spec without its config, which may be large. */
export const jobView = z
  .object({
    id: z.string().meta({ description: 'ULID of this incarnation' }),
    spec: z.object({
      namespace: z.string(),
      name: z.string(),
      type: z.string(),
      labels,
      priority: z.int(),
      description: z.string().optional(),
    }),
    status: z.object(jobStatusFields),
  })
  .meta({ id: 'Job' })

/** `spec` as it was applied, with defaults: this document can be applied again as it is. */
export const jobDetailView = z
  .object({
    id: z.string(),
    spec: z.looseObject({ namespace: z.string(), name: z.string(), type: z.string() }),
    status: z.object({
      ...jobStatusFields,
      versions: z.array(
        z.object({
          version: z.int(),
          at: instant,
          by: z.string(),
          seq: z.int(),
          spec_hash: z.string(),
          content: z.string(),
          rolled_back_from: z.int().optional(),
          rolled_back_to: z.int().optional().meta({ description: 'The version whose content it took' }),
          rerun: z.boolean().optional(),
        }),
      ),
      placement: z
        .object({
          evaluation: z.string(),
          trigger: z.string(),
          version: z.int(),
          at: instant,
          seq: z.int(),
          left_out: z.record(z.string(), count).meta({ description: 'Nodes left out, by reason' }),
        })
        .optional(),
      past_rollouts: z.array(rolloutView),
    }),
  })
  .meta({ id: 'JobDetail' })

export const executionView = z
  .object({
    id: z.string(),
    namespace: z.string(),
    job: z.string(),
    node: z.string(),
    state: z.enum(executionStates),
    desired: z.enum(['running', 'stopped']),
    stale: z.boolean().meta({ description: 'The node is not heard; the state is as last reported' }),
    version: z.int().optional(),
    rollout: z.string().optional(),
    wave: z.int().optional(),
    attempt: z.int().optional(),
    granted_at: instant.optional(),
    reported_at: instant.optional().meta({ description: "By the node's clock" }),
    stable_at: instant.optional(),
    verdict: z.object({ is: z.enum(['healthy', 'failed']), reason: z.string(), at: instant }).optional(),
    exit: z.object({ code: z.int().nullable(), signal: z.string().nullable() }).optional(),
    error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
    next_attempt_at: instant.optional(),
    previous: z.string().optional(),
  })
  .meta({ id: 'Execution' })

export const eventView = z
  .object({
    seq: z.int(),
    kind: z.enum(['job', 'node', 'token', 'report', 'log']),
    namespace: z.string().optional(),
    name: z.string().optional(),
    node: z.string().optional(),
    v: z.int().meta({ description: "The subject's version after this commit" }),
    command_id: z.string(),
    by: z.string(),
    at: instant,
    cause: z.object({ seq: z.int(), cmd: z.string() }).optional(),
    events: z.array(z.looseObject({ type: z.string() })),
  })
  .meta({ id: 'Event', description: 'One commit of the log' })

const warningView = z
  .object({ code: z.enum(['translated', 'coerced', 'ignored', 'suspicious']), path: z.string(), message: z.string() })
  .meta({ id: 'Warning', description: 'Something that was accepted, but that its author should know about' })

export const acceptedView = z
  .object({
    ok: z.literal(true),
    command_id: z.string(),
    seq: z.int().meta({ description: 'Log sequence from which on this command can be read back' }),
    namespace: z.string(),
    name: z.string(),
    job_id: z.string(),
    version: z.int(),
    revision: z.int(),
    unchanged: z.boolean(),
    warnings: z.array(warningView).optional(),
  })
  .meta({ id: 'Accepted' })

const placeView = z.object({
  code: z.string().optional().meta({ description: 'Stable word for programs' }),
  path: z.string().optional(),
  line: z.int().optional(),
  column: z.int().optional(),
  message: z.string(),
  hint: z.string().optional(),
})

export const problemView = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    retryable: z.boolean(),
    hint: z.string().optional(),
    errors: z.array(placeView).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457 problem document' })

export const refusedView = z
  .object({ ok: z.literal(false), command_id: z.string(), error: problemView })
  .meta({ id: 'Refused' })

/** A page of a list; `seq` is the log sequence that it reflects. */
export const pageOf = <S extends z.ZodType>(item: S) =>
  z.object({
    items: z.array(item),
    total: count,
    total_is_exact: z.boolean().meta({ description: 'False: there are at least `total`' }),
    next_cursor: z.string().optional(),
    seq: z.int(),
  })

export const compactedView = z
  .object({
    dry_run: z.boolean(),
    subjects: z.array(
      z.object({
        subject: z.string(),
        /** Present unless the subject was left alone. */
        purged: count.optional(),
        below_seq: z.int().optional(),
        object: z.string().optional(),
        skipped: z.string().optional(),
      }),
    ),
    purged: count,
  })
  .meta({ id: 'Compacted' })

export const readinessView = z
  .object({
    ready: z.boolean(),
    seq: z.int(),
    reasons: z.array(z.object({ part: z.string(), reason: z.string(), detail: z.string().optional() })),
  })
  .meta({ id: 'Readiness' })

export type JobStateView = z.output<typeof jobStateView>
export type JobView = z.output<typeof jobView>
export type JobDetailView = z.output<typeof jobDetailView>
export type ExecutionView = z.output<typeof executionView>
export type EventView = z.output<typeof eventView>
export type AcceptedView = z.output<typeof acceptedView>
export type RefusedView = z.output<typeof refusedView>
export type CompactedView = z.output<typeof compactedView>
