/** What comes back from nodes over HTTP: lines of JSON, each one record, as long as there is something to tell. */
import * as z from 'zod'
import { count, instant } from './rollout-views.ts'
import { problemView } from './views.ts'

const outputStream = z.enum(['stdout', 'stderr'])
/** Bytes that are UTF-8 as text, others in base64. */
const output = { text: z.string().optional(), base64: z.string().optional() }

/** Nothing to tell: sent so that nobody takes the connection for dead. */
const alive = z.object({ type: z.literal('alive') })
/** The last line. Without it the connection was cut. */
const end = z.object({ type: z.literal('end') })

export const logRecordView = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('text'),
      node: z.string(),
      execution: z.string(),
      stream: outputStream,
      ...output,
      at: z.string().meta({ description: 'Where this part ended; for `from`' }),
    }),
    z.object({ type: z.literal('gap'), node: z.string(), execution: z.string(), stream: outputStream }),
    z.object({
      type: z.literal('ended'),
      node: z.string(),
      execution: z.string(),
      state: z.string(),
      exit: z.object({ code: z.int().nullable(), signal: z.string().nullable() }).optional(),
      error: z.string().optional(),
    }),
    z.object({
      type: z.literal('node'),
      node: z.string(),
      is: z.enum(['offline', 'interrupted', 'back', 'refused', 'left_out']),
      problem: problemView.optional(),
    }),
    /** All that the node had was told. */
    z.object({ type: z.literal('done'), node: z.string() }),
    z.object({ type: z.literal('waiting') }),
    alive,
    end,
  ])
  .meta({ id: 'LogRecord', description: 'One line of the logs of a job' })
export type LogRecord = z.output<typeof logRecordView>

export const execRecordView = z
  .discriminatedUnion('type', [
    z.object({ type: z.literal('output'), stream: outputStream, ...output }),
    z.object({
      type: z.literal('exit'),
      code: z.int().nullable(),
      signal: z.string().nullable(),
      timed_out: z.boolean(),
    }),
    z.object({ type: z.literal('error'), problem: problemView }),
    alive,
  ])
  .meta({ id: 'ExecRecord', description: 'One line of a command on a node' })
export type ExecRecord = z.output<typeof execRecordView>

export const resultRecordView = z
  .discriminatedUnion('type', [
    z.object({
      type: z.literal('result'),
      node: z.string(),
      execution: z.string(),
      format: z.string(),
      columns: z.array(z.object({ name: z.string(), type: z.string() })),
      rows: count,
      bytes: count,
      truncated: z.union([z.literal(false), z.string()]).meta({ description: 'Which limit was met: rows, bytes' }),
      millis: count,
    }),
    z.object({ type: z.literal('data'), node: z.string(), execution: z.string(), ...output }),
    z.object({
      type: z.literal('none'),
      node: z.string(),
      execution: z.string(),
      state: z.string(),
      error: z.string().optional(),
      percent: z.number().nullable().optional(),
    }),
    z.object({ type: z.literal('done'), node: z.string() }),
    z.object({
      type: z.literal('node'),
      node: z.string(),
      is: z.enum(['offline', 'interrupted', 'refused']),
      problem: problemView,
    }),
    alive,
    end,
  ])
  .meta({ id: 'ResultRecord', description: 'One line of the results of a query job' })
export type ResultRecord = z.output<typeof resultRecordView>

const series = z.array(z.number())

export const nodeMetricsView = z
  .object({
    node: z.string(),
    at: instant.meta({ description: "Of the last sample, by the node's clock" }),
    every_ms: z.number(),
    cpus: z.number(),
    memory_bytes: z.number(),
    disk_bytes: z.number().meta({ description: 'Of the file system that holds the data directory' }),
    history: z
      .object({
        cpu: series.meta({ description: 'Share of all cores, 0..1' }),
        memory_used_bytes: series,
        disk_used_bytes: series,
        load_average: series,
        tasks: series,
        agent_rss_bytes: series,
      })
      .meta({ description: 'Oldest first, all of one length, up to an hour' }),
    executions: z.array(
      z.object({
        id: z.string(),
        namespace: z.string(),
        job: z.string(),
        processes: count,
        cpu_cores: z.number(),
        cpu_seconds: z.number(),
        memory_bytes: z.number(),
      }),
    ),
  })
  .meta({ id: 'NodeMetrics' })
export type NodeMetricsView = z.output<typeof nodeMetricsView>
