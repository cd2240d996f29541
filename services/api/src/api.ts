/**
 * The API as a function of its ports: it follows and folds the log, answers over HTTP, streams events, and takes commands
 * from subjects. Any number of instances may run on one store; a test runs it in process on the in-memory one.
 */
import type { AddressInfo } from 'node:net'
import { DunlinError } from '@dunlin/contracts'
import {
  createCommandHandler,
  followInto,
  holdLease,
  keepSnapshots,
  loadSnapshot,
  type LoadedSnapshot,
  type StorePorts,
} from '@dunlin/eventstore'
import {
  createMetrics,
  createReadiness,
  sha256,
  type Clock,
  type Logger,
  type Metrics,
  type Random,
  type Readiness,
} from '@dunlin/runtime'
import type { NodeState } from '@dunlin/domain'
import type { FastifyInstance } from 'fastify'
import { requireBearer } from './credentials/bearer.ts'
import { answerContents } from './credentials/contents.ts'
import { createKeyHolders } from './credentials/key-holders.ts'
import { oneAtATime } from './credentials/one-at-a-time.ts'
import { keepRevocations } from './credentials/revocations.ts'
import { registerEnrolment, type EnrolmentOptions } from './enrol/register.ts'
import { createServer } from './http/server.ts'
import { startIntake } from './intake/subjects.ts'
import { createSubmitNode } from './intake/submit-node.ts'
import { createSubmit } from './intake/submit.ts'
import { createCompact } from './log/compact.ts'
import type { RouteContext } from './routes/context.ts'
import { registerCommands } from './routes/commands.ts'
import { registerEvents } from './routes/events.ts'
import { registerExplain } from './routes/explain.ts'
import { registerExecutions } from './routes/executions.ts'
import { registerExec } from './routes/exec.ts'
import { registerJobs } from './routes/jobs.ts'
import { registerLog } from './routes/log.ts'
import { registerLogs } from './routes/logs.ts'
import { registerMetrics } from './routes/metrics.ts'
import { registerNodeCommands } from './routes/node-commands.ts'
import { registerNodes } from './routes/nodes.ts'
import { registerOpenApi } from './routes/openapi.ts'
import { registerResults } from './routes/results.ts'
import { registerSteering } from './routes/steering.ts'
import { registerPlan } from './routes/plan.ts'
import { registerRollouts } from './routes/rollouts.ts'
import { registerService } from './routes/service.ts'
import { API_FOLD, createApiState, type ApiState } from './state/api-state.ts'
import { createCaughtUp } from './state/caught-up.ts'
import { watchLog } from './state/log-health.ts'
import { tapLog } from './state/log-tap.ts'
import { createHub } from './stream/hub.ts'

export interface ApiPorts extends StorePorts {
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface ApiOptions {
  readonly host?: string
  /** 0 = any free port; absent = no socket, requests come in by `inject`. */
  readonly port?: number
  /** False: commands by subject are left to other instances. */
  readonly takeCommands?: boolean
  readonly version?: string
  readonly metrics?: Metrics
  readonly readiness?: Readiness
  /** Lets nodes join; absent: nobody is asked who they are. */
  readonly enrolment?: EnrolmentOptions
  /** What whoever asks by HTTP has to show; absent: nothing. */
  readonly bearerToken?: string
  /** How often the log is asked whether it has room. */
  readonly probeEveryMs?: number
  /** A snapshot is written whenever the log has grown by so many messages. */
  readonly snapshotEvery?: number
  readonly lookForSnapshotMs?: number
  /** Of event streams; see `stream/hub.ts`. */
  readonly stream?: { readonly ringBytes?: number; readonly maxUnreadBytes?: number; readonly heartbeatMs?: number }
}

export interface RunningApi {
  /** e.g. `http://127.0.0.1:7420`; undefined without a socket. */
  readonly url: string | undefined
  /** Resolves when the log was read to its end for the first time. */
  readonly ready: Promise<void>
  /** Answers a request without a socket (Fastify's light-my-request). */
  readonly inject: FastifyInstance['inject']
  readonly readiness: Readiness
  stop(): Promise<void>
}

const SNAPSHOT_EVERY = 20_000
const LOOK_FOR_SNAPSHOT_MS = 10_000

/** Without one, or with one that cannot be read, everything is folded from the beginning. */
const snapshotOf = async ({ snapshots, logger }: ApiPorts): Promise<LoadedSnapshot | undefined> => {
  try {
    return await loadSnapshot(snapshots, 'api', API_FOLD)
  } catch (error) {
    logger.warn('snapshot not read', { error: String(error) })
    return undefined
  }
}

/** Throws when the port is taken. Resolves once the API listens; `ready` tells when it can answer. */
export const startApi = async (ports: ApiPorts, options: ApiOptions = {}): Promise<RunningApi> => {
  const { clock, logger } = ports
  const { metrics = createMetrics(), readiness = createReadiness(), host = '127.0.0.1' } = options
  const stopping = new AbortController()
  const { enrolment } = options
  const revocations =
    enrolment && keepRevocations(enrolment.claims, clock, logger, oneAtATime(ports.leases, 'claims', clock))
  const keys = createKeyHolders()
  const state = createApiState(metrics, await snapshotOf(ports), (id, node) => {
    revocations?.nodeChanged(node)
    keys.nodeChanged(id, node)
  })
  const health = watchLog({
    log: ports.log,
    readiness,
    clock,
    ...(options.probeEveryMs === undefined ? {} : { probeEveryMs: options.probeEveryMs }),
  })
  const hub = createHub({ log: ports.log, clock, logger, metrics, ...options.stream })
  metrics.observe('dunlin_stream_clients', () => hub.clients())
  readiness.blocked('log', 'catching_up')

  const log = tapLog(ports.log, {
    onFollow: (from) => hub.begin(from?.seq ?? 0),
    onBatch: (batch) => hub.ingest(batch),
    onAppended: () => {
      metrics.add('dunlin_commits_appended_total', {})
      health.appended()
    },
    onAppendFailed: (error) => health.appendFailed(error),
  })
  const handler = createCommandHandler({ log, fold: state.fold, sha256, clock, archive: ports.archive })
  const follower = followInto(state.fold, log, {
    archive: ports.archive,
    clock,
    onRewound: (why) => {
      logger.error('the log went backwards; the state is rebuilt', { code: 'log_rewound', why })
      readiness.blocked('log', 'log_rewound', why)
      state.clear()
      keys.clear()
      hub.reset()
    },
    onCaughtUp: () => readiness.ready('log'),
    onLive: (live) => (live ? readiness.ready('connection') : readiness.blocked('connection', 'disconnected')),
    onEnd: (error) => readiness.blocked('log', 'follower_ended', error.message),
  })
  // One instance is enough to write snapshots; they fit all of them.
  let writes = false
  const lease = holdLease({
    kv: ports.leases,
    key: 'api-snapshots',
    owner: ports.random.ulid(clock.nowMs()),
    ttlMs: 10_000,
    renewMs: 3_000,
    clock,
    onHeld: () => {
      writes = true
    },
    onLost: () => {
      writes = false
    },
  })
  const snapshots = keepSnapshots({
    store: ports.snapshots,
    name: 'api',
    fold: state.fold,
    clock,
    everyMessages: options.snapshotEvery ?? SNAPSHOT_EVERY,
    lookEveryMs: options.lookForSnapshotMs ?? LOOK_FOR_SNAPSHOT_MS,
    mayWrite: () => writes && readiness.isReady(),
    extra: () => state.extra(),
    onFailed: (error) => logger.warn('snapshot not written', { code: error.code, detail: error.message }),
  })
  const submit = createSubmit({
    state,
    handler,
    clock,
    random: ports.random,
    hasRoom: health.hasRoom,
    log,
    archive: ports.archive,
  })
  const submitNode = createSubmitNode({ state, handler, clock, random: ports.random })

  const app = createServer(logger, metrics)
  if (options.bearerToken !== undefined) requireBearer(app, options.bearerToken)
  const context: RouteContext = {
    state,
    submit,
    submitNode,
    hub,
    log,
    archive: ports.archive,
    bus: ports.bus,
    clock,
    random: ports.random,
    logger,
    commands: ports.commands,
    compact: createCompact({ log, archive: ports.archive, clock, logger, state }),
    metrics,
    readiness,
    caughtUp: createCaughtUp(follower, clock),
  }
  for (const register of [
    registerJobs,
    registerSteering,
    registerRollouts,
    registerPlan,
    registerExplain,
    registerNodes,
    registerNodeCommands,
    registerExecutions,
    registerEvents,
    registerCommands,
    registerLog,
    registerLogs,
    registerResults,
    registerExec,
    registerMetrics,
    registerService,
  ])
    register(app, context)
  const isRefused = (key: string): boolean => revocations?.refuses(key) === true
  const ofEnrolment = { handler, random: ports.random, logger, isRefused, holderOf: keys.holderOf }
  registerEnrolment(app, { ...context, ...ofEnrolment }, enrolment)
  registerOpenApi(app, options.version ?? '0.3.0')

  const contents = enrolment && answerContents(ports.bus, ports.specs, logger)

  let intake: { stop(): void } | undefined
  const ready = follower.caughtUp.then(() => {
    if (enrolment !== undefined)
      for (const [id, { state: node }] of state.fold.table('node')) keys.nodeChanged(id, node)
    revocations?.begin(nodesOf(state))
    if (options.takeCommands === false || stopping.signal.aborted) return
    intake = startIntake({
      commands: ports.commands,
      bus: ports.bus,
      submit,
      submitNode,
      clock,
      logger,
      metrics,
      signal: stopping.signal,
    })
  })
  // Whoever waits for it hears; nobody has to.
  ready.catch(() => {})
  const stop = async (): Promise<void> => {
    stopping.abort()
    intake?.stop()
    contents?.stop()
    await revocations?.stop()
    hub.close()
    await app.close()
    health.stop()
    await snapshots.stop()
    await lease.stop()
    await follower.stop()
  }
  try {
    return {
      url: await listen(app, host, options.port),
      ready,
      inject: app.inject.bind(app),
      readiness,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function* nodesOf(state: ApiState): Generator<NodeState> {
  for (const aggregate of state.fold.table('node').values()) yield aggregate.state
}

const listen = async (app: FastifyInstance, host: string, port: number | undefined): Promise<string | undefined> => {
  if (port === undefined) {
    await app.ready()
    return undefined
  }
  try {
    await app.listen({ host, port })
  } catch (error) {
    throw new DunlinError('invalid_request', `The API cannot listen on ${host}:${port}: ${String(error)}`, {
      cause: error,
    })
  }
  const { port: bound } = app.server.address() as AddressInfo
  return `http://${host.includes(':') ? `[${host}]` : host}:${bound}`
}
