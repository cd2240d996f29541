/** Every operation of the HTTP API, once. A name here is a method of the client and an operationId of the document. */
import * as z from 'zod'
import { jobStateTypes } from '../events/job.ts'
import { enrolOperations } from './enrol-operations.ts'
import { explainOperations } from './explain-operations.ts'
import { nodeOperations } from './node-operations.ts'
import { connectionStates, nodeAcceptedView, nodeView } from './node-views.ts'
import { operation } from './operation.ts'
import {
  commandBody,
  commandErrors,
  commandHeaders,
  flag,
  jobParams,
  label,
  page,
  read,
  reason,
  text,
  wholeNumber,
} from './operation-parts.ts'
import { nodeRpcOperations } from './node-rpc-operations.ts'
import { rolloutOperations } from './rollout-operations.ts'
import {
  acceptedView,
  compactedView,
  executionStates,
  executionView,
  jobDetailView,
  jobView,
  pageOf,
  readinessView,
  refusedView,
} from './views.ts'

export const operations = {
  applyJob: operation({
    method: 'PUT',
    path: '/api/v1/jobs',
    summary: 'Creates or updates a job from its spec (JSON or YAML)',
    tag: 'jobs',
    headers: commandHeaders,
    body: 'spec',
    response: acceptedView,
    errors: [
      ...commandErrors,
      'malformed_body',
      'invalid_spec',
      'literal_secret',
      'body_too_large',
      'unsupported_media_type',
      'commit_too_large',
      'not_built',
    ],
  }),
  listJobs: operation({
    method: 'GET',
    path: '/api/v1/jobs',
    summary: 'Lists jobs by namespace and name',
    tag: 'jobs',
    query: z.strictObject({
      namespace: text.optional(),
      name_prefix: z.string().max(1024).optional().meta({ description: 'Needs namespace' }),
      state: z.enum(jobStateTypes).optional().meta({ description: 'Deleted jobs are listed only when asked for' }),
      type: text.optional(),
      label,
      ...page,
    }),
    response: pageOf(jobView),
    errors: [],
  }),
  getJob: operation({
    method: 'GET',
    path: '/api/v1/jobs/{namespace}/{name}',
    summary: 'Shows a job with its spec, versions, placement and rollouts',
    tag: 'jobs',
    params: jobParams,
    query: read,
    response: jobDetailView,
    errors: ['job_not_found', 'log_gap', 'needs_upgrade'],
  }),
  stopJob: operation({
    method: 'POST',
    path: '/api/v1/jobs/{namespace}/{name}/stop',
    summary: 'Stops a job on every node; offline nodes stop it when they return',
    tag: 'jobs',
    params: jobParams,
    headers: commandHeaders,
    body: commandBody,
    response: acceptedView,
    errors: [...commandErrors, 'job_not_found', 'malformed_body', 'unsupported_media_type', 'body_too_large'],
  }),
  deleteJob: operation({
    method: 'DELETE',
    path: '/api/v1/jobs/{namespace}/{name}',
    summary: 'Deletes a job that has come to rest, or with force any; its history remains',
    tag: 'jobs',
    params: jobParams,
    query: z.strictObject({ force: flag.optional(), reason: reason.optional() }),
    headers: commandHeaders,
    response: acceptedView,
    errors: [...commandErrors, 'job_not_found', 'job_not_stopped'],
  }),
  ...rolloutOperations,
  ...explainOperations,
  ...nodeOperations,
  ...nodeRpcOperations,
  ...enrolOperations,
  listNodes: operation({
    method: 'GET',
    path: '/api/v1/nodes',
    summary: 'Lists nodes by id',
    tag: 'nodes',
    query: z.strictObject({ connection: z.enum(connectionStates).optional(), label, ...page }),
    response: pageOf(nodeView),
    errors: [],
  }),
  getNode: operation({
    method: 'GET',
    path: '/api/v1/nodes/{id}',
    summary: 'Shows a node',
    tag: 'nodes',
    params: z.object({ id: text }),
    query: read,
    response: nodeView,
    errors: ['node_not_found'],
  }),
  listExecutions: operation({
    method: 'GET',
    path: '/api/v1/executions',
    summary: 'Lists executions by job and node',
    tag: 'executions',
    query: z.strictObject({
      namespace: text.optional(),
      job: text.optional().meta({ description: 'Name of a job; needs namespace' }),
      node: text.optional(),
      state: z.enum(executionStates).optional(),
      ...page,
    }),
    response: pageOf(executionView),
    errors: [],
  }),
  followEvents: operation({
    method: 'GET',
    path: '/api/v1/events',
    summary: 'Follows the log as server-sent events: one per commit, its id is the log sequence',
    tag: 'events',
    query: z.strictObject({
      since: wholeNumber.optional().meta({ description: 'Begin after this sequence; Last-Event-ID wins' }),
      namespace: text.optional(),
      job: text.optional().meta({ description: 'Name of a job; needs namespace' }),
      node: text.optional(),
    }),
    headers: z.object({
      'last-event-id': z
        .string()
        .regex(/^\d{1,15}$/, 'expected a log sequence')
        .optional(),
    }),
    response: 'event-stream',
    errors: ['events_gone'],
  }),
  getCommand: operation({
    method: 'GET',
    path: '/api/v1/commands/{id}',
    summary: 'Tells what came of a command',
    tag: 'commands',
    params: z.object({ id: text }),
    query: read,
    response: z.union([acceptedView, nodeAcceptedView, refusedView]),
    errors: ['command_unknown'],
  }),
  compactLog: operation({
    method: 'POST',
    path: '/api/v1/log/compact',
    summary: 'Archives the history of jobs or all subjects, checkpoints their state, and purges what lies below',
    tag: 'log',
    body: z.strictObject({
      jobs: z
        .array(z.strictObject({ namespace: text, name: text }))
        .max(1000)
        .optional(),
      dry_run: z.boolean().default(false),
    }),
    response: compactedView,
    errors: ['job_not_found', 'wrong_state', 'log_full', 'malformed_body', 'unsupported_media_type', 'body_too_large'],
  }),
  getReadiness: operation({
    method: 'GET',
    path: '/readyz',
    summary: 'Whether this process can do its work now, else 503 with every reason',
    tag: 'service',
    response: readinessView,
    errors: [],
  }),
  getLiveness: operation({
    method: 'GET',
    path: '/livez',
    summary: 'Whether this process runs',
    tag: 'service',
    response: z.object({ live: z.literal(true) }),
    errors: [],
  }),
  getMetrics: operation({
    method: 'GET',
    path: '/metrics',
    summary: 'Counters and gauges as Prometheus text',
    tag: 'service',
    response: 'text',
    errors: [],
  }),
} as const

export type Operations = typeof operations
export type OperationId = keyof Operations
