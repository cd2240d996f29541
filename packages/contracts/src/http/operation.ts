/**
 * What one operation of the HTTP API is. Routes, the OpenAPI document, the typed client and the 405 answers are all made
 * from the table of these, so nothing about a route is written twice.
 */
import type * as z from 'zod'
import type { ErrorCode } from '../errors/catalogue.ts'

export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE'
type ObjectSchema = z.ZodObject

export interface Operation {
  readonly method: Method
  /** Parameters in braces: `/api/v1/jobs/{namespace}/{name}`. */
  readonly path: `/${string}`
  readonly summary: string
  readonly tag: 'jobs' | 'rollouts' | 'explain' | 'nodes' | 'executions' | 'events' | 'commands' | 'log' | 'service'
  readonly params?: ObjectSchema
  readonly query?: ObjectSchema
  /** Lower-case names. */
  readonly headers?: ObjectSchema
  /** JSON body. `spec`: a job spec as JSON or YAML text, parsed by `parseJobSpec` and not by a schema here. */
  readonly body?: z.ZodType | 'spec'
  /** JSON of a success (status 200), or what else is sent. */
  readonly response: z.ZodType | 'event-stream' | 'json-lines' | 'text'
  /** Of `json-lines`: what each line is. */
  readonly line?: z.ZodType
  /** Codes that this operation answers with, besides those that any may (`commonErrors`). */
  readonly errors: readonly ErrorCode[]
}

/** Keeps the literal types of an entry. */
export const operation = <const O extends Operation>(entry: O): O => entry

/** Any operation may answer these. */
export const commonErrors = [
  'invalid_request',
  'not_ready',
  'log_unavailable',
  'internal',
] as const satisfies readonly ErrorCode[]

type OutputOf<S> = S extends z.ZodType ? z.output<S> : never
type InputOf<S> = S extends z.ZodType ? z.input<S> : never
type Part<O, K extends string> = O extends { readonly [P in K]: infer S } ? S : undefined

/** What a caller gives (`z.input`), e.g. without the defaults. */
export type ParamsInput<O extends Operation> = InputOf<Part<O, 'params'>>
export type QueryInput<O extends Operation> = InputOf<Part<O, 'query'>>
export type BodyInput<O extends Operation> = InputOf<Part<O, 'body'>>
/** What a handler receives (`z.output`). */
export type ParamsOutput<O extends Operation> = OutputOf<Part<O, 'params'>>
export type QueryOutput<O extends Operation> = OutputOf<Part<O, 'query'>>
export type HeadersOutput<O extends Operation> = OutputOf<Part<O, 'headers'>>
export type BodyOutput<O extends Operation> = OutputOf<Part<O, 'body'>>
export type ResponseOf<O extends Operation> = OutputOf<O['response']>
