/** The typed client: every call is an entry of the contract table, so a path or a field cannot be written wrong here. */
import {
  operations,
  type AcceptedView,
  type BodyInput,
  type EventView,
  type ExecRecord,
  type ExplanationView,
  type JobKey,
  type NodeAcceptedView,
  type LogRecord,
  type NodeMetricsView,
  type Operation,
  type PlannedView,
  type QueryInput,
  type ResponseOf,
  type ResultRecord,
  type RolloutDetailView,
} from '@dunlin/contracts'
import { follow, type FollowOptions } from './follow.ts'
import { readLines } from './lines.ts'
import { readJobLogs, type LogsOptions } from './logs.ts'
import { send, type ClientOptions } from './request.ts'

type Ops = typeof operations
type Query<O extends Operation> = NonNullable<QueryInput<O>>

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
}
export interface NodeCommandOptions extends CallOptions {
  readonly idempotencyKey?: string | undefined
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
    rollback(key: JobKey, body?: BodyInput<Ops['rollbackJob']>, options?: CommandOptions): Promise<AcceptedView>
    rerun(key: JobKey, body?: BodyInput<Ops['rerunJob']>, options?: CommandOptions): Promise<AcceptedView>
    /** What applying would do; nothing is written. */
    plan(input: SpecInput, query?: Query<Ops['planJob']>, options?: CallOptions): Promise<PlannedView>
    explain(key: JobKey, query?: Query<Ops['explainJob']>, options?: CallOptions): Promise<ExplanationView>
    /** What its queries found, from their nodes. */
    results(key: JobKey, query?: Query<Ops['readResults']>, options?: CallOptions): AsyncGenerator<ResultRecord>
    /** What its tasks write, from their nodes; following resumes whatever cuts the connection. */
    logs(key: JobKey, query?: Query<Ops['readLogs']>, options?: LogsOptions): AsyncGenerator<LogRecord>
  }
  /** The present rollout of a job. */
  readonly rollouts: {
    get(key: JobKey, query?: Query<Ops['getRollout']>, options?: CallOptions): Promise<RolloutDetailView>
    nodes(
      key: JobKey,
      id: string,
      query?: Query<Ops['listRolloutNodes']>,
      options?: CallOptions,
    ): Promise<ResponseOf<Ops['listRolloutNodes']>>
    explain(
      key: JobKey,
      id: string,
      query?: Query<Ops['explainRollout']>,
      options?: CallOptions,
    ): Promise<ExplanationView>
    pause(key: JobKey, body?: BodyInput<Ops['pauseRollout']>, options?: CommandOptions): Promise<AcceptedView>
    resume(key: JobKey, body?: BodyInput<Ops['resumeRollout']>, options?: CommandOptions): Promise<AcceptedView>
    promote(key: JobKey, body?: BodyInput<Ops['promoteRollout']>, options?: CommandOptions): Promise<AcceptedView>
    halt(key: JobKey, body?: BodyInput<Ops['haltRollout']>, options?: CommandOptions): Promise<AcceptedView>
  }
  readonly nodes: {
    list(query?: Query<Ops['listNodes']>, options?: CallOptions): Promise<ResponseOf<Ops['listNodes']>>
    get(id: string, query?: Query<Ops['getNode']>, options?: CallOptions): Promise<ResponseOf<Ops['getNode']>>
    explain(id: string, query?: Query<Ops['explainNode']>, options?: CallOptions): Promise<ExplanationView>
    approve(id: string, body?: BodyInput<Ops['approveNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    label(id: string, body: BodyInput<Ops['labelNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    cordon(id: string, body?: BodyInput<Ops['cordonNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    uncordon(id: string, body?: BodyInput<Ops['uncordonNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    drain(id: string, body?: BodyInput<Ops['drainNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    remove(id: string, body?: BodyInput<Ops['removeNode']>, options?: NodeCommandOptions): Promise<NodeAcceptedView>
    metrics(id: string, options?: CallOptions): Promise<NodeMetricsView>
    /** Runs a command where the node allows it; leaving ends it there. */
    exec(id: string, body: BodyInput<Ops['execOnNode']>, options?: CallOptions): AsyncGenerator<ExecRecord>
  }
  /** Join tokens of nodes. */
  readonly tokens: {
    /** The answer holds the secret, this once. */
    create(body: BodyInput<Ops['createToken']>, options?: CallOptions): Promise<ResponseOf<Ops['createToken']>>
    list(options?: CallOptions): Promise<ResponseOf<Ops['listTokens']>>
    revoke(
      id: string,
      body?: BodyInput<Ops['revokeToken']>,
      options?: CallOptions,
    ): Promise<ResponseOf<Ops['revokeToken']>>
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
  async function* lines<R>({ method, path }: Operation, { query, ...parts }: Parts): AsyncGenerator<R> {
    const response = await send(client, { method, path, query: queryOf(query), ...parts })
    if (response.body !== null) yield* readLines<R>(response.body)
  }
  /** A command to a job that is there: its words are in the body, its id and expectation in the headers. */
  const command =
    <O extends Operation>(operation: O) =>
    (key: JobKey, body?: BodyInput<O>, options: CommandOptions = {}): Promise<ResponseOf<O>> =>
      call(operation, {
        params: { ...key },
        body: body ?? {},
        headers: commandHeaders(options),
        signal: options.signal,
      })
  const nodeCommand =
    <O extends Operation>(operation: O) =>
    (id: string, body?: BodyInput<O>, { idempotencyKey, signal }: NodeCommandOptions = {}): Promise<ResponseOf<O>> =>
      call(operation, { params: { id }, body: body ?? {}, headers: { 'idempotency-key': idempotencyKey }, signal })
  return {
    jobs: {
      apply: (input, options = {}) => {
        const { body, headers } = specBody(input)
        return call(operations.applyJob, {
          body,
          headers: { ...commandHeaders(options), ...headers },
          signal: options.signal,
        })
      },
      plan: (input, query, options) => call(operations.planJob, { ...specBody(input), query, ...options }),
      explain: (key, query, options) => call(operations.explainJob, { params: { ...key }, query, ...options }),
      rollback: command(operations.rollbackJob),
      rerun: command(operations.rerunJob),
      list: (query, options) => call(operations.listJobs, { query, ...options }),
      get: (key, query, options) => call(operations.getJob, { params: { ...key }, query, ...options }),
      logs: (key, query, options) => {
        const { method, path } = operations.readLogs
        const follow = query?.follow === 'true'
        return readJobLogs(client, { method, path, params: { ...key }, query: queryOf(query), follow }, options)
      },
      results: (key, query, options) =>
        lines<ResultRecord>(operations.readResults, { params: { ...key }, query, ...options }),
      stop: command(operations.stopJob),
      delete: (key, query, options = {}) =>
        call(operations.deleteJob, {
          params: { ...key },
          query,
          headers: commandHeaders(options),
          signal: options.signal,
        }),
    },
    rollouts: {
      get: (key, query, options) => call(operations.getRollout, { params: { ...key }, query, ...options }),
      nodes: (key, id, query, options) =>
        call(operations.listRolloutNodes, { params: { ...key, id }, query, ...options }),
      explain: (key, id, query, options) =>
        call(operations.explainRollout, { params: { ...key, id }, query, ...options }),
      pause: command(operations.pauseRollout),
      resume: command(operations.resumeRollout),
      promote: command(operations.promoteRollout),
      halt: command(operations.haltRollout),
    },
    nodes: {
      list: (query, options) => call(operations.listNodes, { query, ...options }),
      get: (id, query, options) => call(operations.getNode, { params: { id }, query, ...options }),
      approve: nodeCommand(operations.approveNode),
      label: nodeCommand(operations.labelNode),
      cordon: nodeCommand(operations.cordonNode),
      uncordon: nodeCommand(operations.uncordonNode),
      drain: nodeCommand(operations.drainNode),
      remove: nodeCommand(operations.removeNode),
      explain: (id, query, options) => call(operations.explainNode, { params: { id }, query, ...options }),
      metrics: (id, options) => call(operations.readNodeMetrics, { params: { id }, ...options }),
      exec: (id, body, options) => lines<ExecRecord>(operations.execOnNode, { params: { id }, body, ...options }),
    },
    tokens: {
      create: (body, options) => call(operations.createToken, { body, ...options }),
      list: (options) => call(operations.listTokens, { ...options }),
      revoke: (id, body, options) => call(operations.revokeToken, { params: { id }, body: body ?? {}, ...options }),
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

const specBody = (input: SpecInput) => {
  if (!('text' in input)) return { body: input.spec, headers: {} }
  return {
    body: input.text,
    headers: { 'content-type': input.format === 'json' ? 'application/json' : 'application/yaml' },
  }
}

const commandHeaders = ({ idempotencyKey, ifMatch }: CommandOptions) => ({
  'idempotency-key': idempotencyKey,
  'if-match': ifMatch,
})

type QueryValue = string | number | boolean | undefined
const queryOf = (query: object | undefined): Readonly<Record<string, QueryValue | readonly string[]>> =>
  Object.fromEntries(Object.entries(query ?? {})) as Readonly<Record<string, QueryValue | readonly string[]>>
