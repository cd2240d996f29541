/** Operations that the nodes themselves answer: logs, commands, metrics. */
import * as z from 'zod'
import { LONGEST_EXEC_MS, MOST_EXEC_INPUT_BYTES } from '../rpc/exec.ts'
import { outputStreams } from '../rpc/logs.ts'
import { execRecordView, logRecordView, nodeMetricsView, resultRecordView } from './node-rpc-views.ts'
import { operation } from './operation.ts'
import { flag, jobParams, text, wholeNumber } from './operation-parts.ts'

/** A parameter that may be repeated. */
const several = z
  .union([z.string(), z.array(z.string())])
  .optional()
  .transform((value) => (value === undefined ? [] : [value].flat()))

export const nodeRpcOperations = {
  readLogs: operation({
    method: 'GET',
    path: '/api/v1/jobs/{namespace}/{name}/logs',
    summary: 'Reads what the tasks of a job write, from their nodes, as lines of JSON',
    tag: 'jobs',
    params: jobParams,
    query: z.strictObject({
      node: several.meta({ description: 'Only these nodes; may be repeated' }),
      execution: text.optional().meta({ description: 'Only this one; otherwise the latest of each node' }),
      stream: z.enum(outputStreams).optional(),
      tail: wholeNumber
        .optional()
        .meta({ description: 'Last lines of each stream of each node; all that is kept when absent' }),
      follow: flag.optional().meta({ description: 'Go on with what comes, also from later executions' }),
      from: several.meta({ description: '<execution>/<stream>=<at>: go on there; may be repeated' }),
    }),
    response: 'json-lines',
    line: logRecordView,
    errors: ['job_not_found', 'node_not_found', 'execution_not_found', 'log_gap', 'needs_upgrade'],
  }),
  readResults: operation({
    method: 'GET',
    path: '/api/v1/jobs/{namespace}/{name}/results',
    summary: 'Reads what the queries of a job found, from their nodes, as lines of JSON',
    tag: 'jobs',
    params: jobParams,
    query: z.strictObject({
      node: several.meta({ description: 'Only these nodes; may be repeated' }),
      execution: text.optional().meta({ description: 'Only this one; otherwise the latest of each node' }),
    }),
    response: 'json-lines',
    line: resultRecordView,
    errors: ['job_not_found', 'wrong_state', 'node_not_found', 'execution_not_found', 'log_gap', 'needs_upgrade'],
  }),
  execOnNode: operation({
    method: 'POST',
    path: '/api/v1/nodes/{id}/exec',
    summary: 'Runs a command on a node that allows it, and sends its output as lines of JSON',
    tag: 'nodes',
    params: z.object({ id: text }),
    headers: z.object({
      'x-dunlin-actor': z
        .string()
        .regex(/^[^\p{Cc}]{1,128}$/u)
        .optional()
        .meta({ description: 'Who asks; written to the log of the API and of the node' }),
    }),
    body: z.strictObject({
      command: z.array(z.string()).min(1).max(1000).meta({ description: 'Program and arguments; no shell reads them' }),
      timeout_ms: z.int().min(1).max(LONGEST_EXEC_MS).default(60_000),
      input_base64: z
        .base64()
        .max(Math.ceil(MOST_EXEC_INPUT_BYTES / 3) * 4)
        .optional()
        .meta({ description: 'All of its standard input' }),
    }),
    response: 'json-lines',
    line: execRecordView,
    errors: [
      'node_not_found',
      'node_offline',
      'node_too_old',
      'exec_not_allowed',
      'too_many_streams',
      'stream_interrupted',
      'unreadable_answer',
      'malformed_body',
      'unsupported_media_type',
      'body_too_large',
    ],
  }),
  readNodeMetrics: operation({
    method: 'GET',
    path: '/api/v1/nodes/{id}/metrics',
    summary: 'Asks a node what it uses, now and in the last hour, and what each of its tasks uses',
    tag: 'nodes',
    params: z.object({ id: text }),
    response: nodeMetricsView,
    errors: ['node_not_found', 'node_offline', 'node_too_old', 'unreadable_answer'],
  }),
} as const
