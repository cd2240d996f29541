/** `rpc.<node>.exec`: one command run on a node, where the node allows it. */
import * as z from 'zod/mini'
import { outputStreams } from './logs.ts'

export const MOST_EXEC_INPUT_BYTES = 512 * 1024
export const LONGEST_EXEC_MS = 24 * 3600 * 1000

export const execQuestionSchema = z.object({
  /** The program and its arguments. No shell reads them. */
  command: z.array(z.string().check(z.maxLength(128 * 1024))).check(z.minLength(1), z.maxLength(1000)),
  timeoutMs: z.int().check(z.minimum(1), z.maximum(LONGEST_EXEC_MS)),
  /** All of its standard input, in base64. */
  input: z.optional(z.string().check(z.maxLength(Math.ceil(MOST_EXEC_INPUT_BYTES / 3) * 4))),
  /** Who asks, for the record. */
  by: z.string().check(z.maxLength(256)),
})
export type ExecQuestion = z.output<typeof execQuestionSchema>

/** The frame's bytes are output. */
export const execItemSchema = z.object({ s: z.enum(outputStreams) })

/** How it ended: by a code, or by a signal. */
export const execEndSchema = z.object({
  code: z.nullable(z.int()),
  signal: z.nullable(z.string()),
  timedOut: z.boolean(),
})
export type ExecEnd = z.output<typeof execEndSchema>
