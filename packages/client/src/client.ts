/** The typed client: every call is an entry of the contract table, so a path or a field cannot be written wrong here. */
import {
  operations,
  type AcceptedView,
  type BodyInput,
  type EventView,
  type JobKey,
  type Operation,
  type QueryInput,
  type ResponseOf,
} from '@dunlin/contracts'
import { follow, type FollowOptions } from './follow.ts'
import { send, type ClientOptions } from './request.ts'

type Ops = typeof operations
type Query<O extends Operation> = NonNullable<QueryInput<O>>

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}
export interface CommandOptions extends CallOptions {
  /** Command id: the same command sent twice is applied once. */
  readonly idempotencyKey?: string | undefined
  /** A revision, or `version:<n>`. */
  readonly ifMatch?: string | undefined
}

/** A spec as text keeps its places: errors then name line and column. */
export type SpecInput = { readonly spec: unknown } | { readonly text: string; readonly format: 'json' | 'yaml' }

export interface Client {
  readonly jobs: {
    apply(input: SpecInput, options?: CommandOptions): Promise<AcceptedView>
    list(query?: Query<Ops['listJobs']>, options?: CallOptions): Promise<ResponseOf<Ops['listJobs']>>
    get(key: JobKey, query?: Query<Ops['getJob']>, options?: CallOptions): Promise<ResponseOf<Ops['getJob']>>
    stop(key: JobKey, body?: BodyInput<Ops['stopJob']>, options?: CommandOptions): Promise<AcceptedView>
    delete(key: JobKey, query?: Query<Ops['deleteJob']>, options?: CommandOptions): Promise<AcceptedView>
  }
  readonly nodes: {
    list(query?: Query<Ops['listNodes']>, options?: CallOptions): Promise<ResponseOf<Ops['listNodes']>>
    get(id: string, options?: CallOptions): Promise<ResponseOf<Ops['getNode']>>
  }
  readonly executions: {
    list(query?: Query<Ops['listExecutions']>, options?: CallOptions): Promise<ResponseOf<Ops['listExecutions']>>
  }
  readonly commands: { get(id: string, options?: CallOptions): Promise<ResponseOf<Ops['getCommand']>> }
  readonly log: {
    compact(body: BodyInput<Ops['compactLog']>, options?: CallOptions): Promise<ResponseOf<Ops['compactLog']>>
  }
  /** Follows the log and resumes after the last event whatever cuts the connection; ends with `signal`. */
  events(filter?: Omit<Query<Ops['followEvents']>, 'since'>, options?: FollowOptions): AsyncGenerator<EventView>
}

export const createClient = (client: ClientOptions): Client => {
  interface Parts {
    readonly params?: Readonly<Record<string, string>>
    readonly query?: object | undefined
    readonly headers?: Readonly<Record<string, string | undefined>>
    readonly body?: unknown
    readonly signal?: AbortSignal | undefined
  }
  const call = async <O extends Operation>({ method, path }: O, { query, ...parts }: Parts): Promise<ResponseOf<O>> => {
    const response = await send(client, { method, path, query: queryOf(query), ...parts })
    return (await response.json()) as ResponseOf<O>
  }
  return {
    jobs: {
      apply: (input, options = {}) => {
        const text = 'text' in input
        const type = text ? { 'content-type': input.format === 'json' ? 'application/json' : 'application/yaml' } : {}
        return call(operations.applyJob, {
          body: text ? input.text : input.spec,
          headers: { ...commandHeaders(options), ...type },
          signal: options.signal,
        })
      },
      list: (query, options) => call(operations.listJobs, { query, ...options }),
      get: (key, query, options) => call(operations.getJob, { params: { ...key }, query, ...options }),
      stop: (key, body, options = {}) =>
        call(operations.stopJob, {
          params: { ...key },
          body: body ?? {},
          headers: commandHeaders(options),
          signal: options.signal,
        }),
      delete: (key, query, options = {}) =>
        call(operations.deleteJob, {
          params: { ...key },
          query,
          headers: commandHeaders(options),
          signal: options.signal,
        }),
    },
    nodes: {
      list: (query, options) => call(operations.listNodes, { query, ...options }),
      get: (id, options) => call(operations.getNode, { params: { id }, ...options }),
    },
    executions: { list: (query, options) => call(operations.listExecutions, { query, ...options }) },
    commands: { get: (id, options) => call(operations.getCommand, { params: { id }, ...options }) },
    log: { compact: (body, options) => call(operations.compactLog, { body, ...options }) },
    events: async function* (filter, options) {
      const { method, path } = operations.followEvents
      for await (const event of follow(client, { method, path, query: queryOf(filter) }, options))
        yield JSON.parse(event.data) as EventView
    },
  }
}

const commandHeaders = ({ idempotencyKey, ifMatch }: CommandOptions) => ({
  'idempotency-key': idempotencyKey,
  'if-match': ifMatch,
})

type QueryValue = string | number | boolean | undefined
const queryOf = (query: object | undefined): Readonly<Record<string, QueryValue | readonly string[]>> =>
  Object.fromEntries(Object.entries(query ?? {})) as Readonly<Record<string, QueryValue | readonly string[]>>
