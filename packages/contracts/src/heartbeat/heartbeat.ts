/**
 * A heartbeat: core NATS, never stored. Counters are cumulative and window ends are repeated for the last six windows,
 * so that a lost, repeated or reordered heartbeat changes nothing. Keys are short: a fleet sends 10,000 a second.
 */
import * as z from 'zod/mini'
import { generationSchema } from '../generation.ts'
import { bootIdSchema, executionIdSchema, nodeIdSchema } from '../ids.ts'
import { instantSchema } from '../instant.ts'
import { reportedStates } from '../events/report.ts'

export const HEARTBEAT_SCHEMA = 1
/** How many window ends of a validating execution each heartbeat repeats. */
export const WINDOWS_REPEATED = 6
/** Above what any agent sends: whatever claims more is no heartbeat. */
export const HEARTBEAT_LIMITS = { executions: 10_000, windows: 64, problems: 64, codeChars: 128 } as const

/** What may disturb a window, as one letter: r restart, i input, o output disconnected, p probe failed. */
export const disturbances = {
  r: 'restart',
  i: 'input_disconnected',
  o: 'output_disconnected',
  p: 'probe_failed',
} as const

/** `[window number, cumulative messages in, cumulative messages failed, disturbance letter or ""]` at a window's end. */
export const windowEndSchema = z.tuple([z.int(), z.int(), z.int(), z.enum(['', 'r', 'i', 'o', 'p'])])
export type WindowEnd = z.output<typeof windowEndSchema>

export const heartbeatExecutionSchema = z.object({
  /** Execution id. */
  x: executionIdSchema,
  /** Generation of its grant. */
  g: generationSchema,
  st: z.enum(reportedStates),
  /** Cumulative messages in and messages failed since `starting`, across attempts. */
  in: z.int(),
  er: z.int(),
  /** Restarts so far. */
  rs: z.int(),
  /**
   * The last window ends, oldest first; present while validating and for a while after. A heartbeat follows each end at
   * once, but for the 100 ms that lie between two of a node.
   */
  w: z.optional(z.array(windowEndSchema).check(z.maxLength(HEARTBEAT_LIMITS.windows))),
})
export type HeartbeatExecution = z.output<typeof heartbeatExecutionSchema>

export const heartbeatSchema = z.object({
  s: z.literal(HEARTBEAT_SCHEMA),
  node: nodeIdSchema,
  boot: bootIdSchema,
  /** Counts the heartbeats of this boot: the highest is the newest, whatever the order of arrival. */
  n: z.int().check(z.nonnegative()),
  /** Node's wall clock, ms since the epoch. */
  at: instantSchema,
  /** Generation of the desired document that the node holds. */
  gen: generationSchema,
  /** Log sequence of the node's last acknowledged report; 0 before the first. */
  rep: z.int().check(z.nonnegative()),
  ex: z.array(heartbeatExecutionSchema).check(z.maxLength(HEARTBEAT_LIMITS.executions)),
  /** Codes of what is wrong with the node; absent = nothing. Its last announcement says more. */
  pr: z.optional(
    z.array(z.string().check(z.maxLength(HEARTBEAT_LIMITS.codeChars))).check(z.maxLength(HEARTBEAT_LIMITS.problems)),
  ),
  /** Set on the last heartbeat of an agent that stops on purpose. */
  bye: z.optional(z.literal(true)),
})
export type Heartbeat = z.output<typeof heartbeatSchema>
