/**
 * The rollout engine as a function of its ports: when each node may run which content. It reconciles to a level: after
 * every fold that touched a job it asks the domain what comes next, so it may be killed between any two steps. Any number
 * of instances may run; the lease holder acts, the compare-and-set on the job's subject keeps even two of them right.
 */
import type { JobSubjectEvent, NodeId } from '@dunlin/contracts'
import { createCommandHandler, followInto, holdLease, keepSnapshots, type LoadedSnapshot } from '@dunlin/eventstore'
import { createPump, every, sha256 } from '@dunlin/runtime'
import { createFleet } from './fleet/fleet.ts'
import { createHealthJudge } from './judge/judge.ts'
import type { Strangers } from './judge/strangers.ts'
import { createValidatingTable } from './judge/validating.ts'
import type { EnginePorts } from './ports.ts'
import { appendNext, appendVerdicts, type WaveWork } from './waves/advance.ts'
import { createStaleDocuments } from './waves/stale-documents.ts'

export interface EngineOptions {
  /** Name of this instance in the lease. */
  readonly owner: string
  /** How often deadlines and expiry are looked at. */
  readonly tickMs?: number
  readonly lease?: { readonly ttlMs: number; readonly renewMs: number }
  /** What `loadSnapshot` gave: the fold begins there. */
  readonly snapshot?: LoadedSnapshot | undefined
  /** A snapshot is written whenever the log has grown by so many messages. */
  readonly snapshotEvery?: number
}

export interface EngineStatus {
  readonly leads: boolean
  readonly caughtUp: boolean
  readonly live: boolean
  readonly seq: number
  readonly troubled: number
  readonly heartbeatsRefused: number
  /** Reports of executions that nobody granted, or no longer, or that the node did not sign; they change nothing. */
  readonly strangers: Strangers
  readonly lastError?: string
}

export interface RunningEngine {
  readonly ready: Promise<void>
  status(): EngineStatus
  stop(): Promise<void>
}

const RETRY_MS = 500
const ROOM_EVERY_MS = 2_000
const ROOM_SHARE = 0.9
const DOCUMENTS_EVERY_MS = 10_000
const SNAPSHOT_EVERY = 20_000
const LOOK_FOR_SNAPSHOT_MS = 10_000

export const startRolloutEngine = (ports: EnginePorts, options: EngineOptions): RunningEngine => {
  const { clock, logger } = ports
  let leads = false
  let caughtUp = false
  let live = true
  let lastError: string | undefined
  let hasRoom = true

  const validating = createValidatingTable(() => clock.monotonicMs())
  const pump = createPump(clock, logger, () => act())
  const fleet = createFleet(
    {
      onJob: (key, events, job) => validating.sync(key, job, nodesOf(events)),
      onReport: (node) => judge.onReport(node),
      onConnection: (node) => judge.onConnection(node),
      onMarked: () => pump.wake(),
    },
    options.snapshot,
  )
  const judge = createHealthJudge({
    bus: ports.bus,
    clock,
    validating,
    view: fleet,
    onVerdict: () => pump.wake(),
    onSight: (key) => {
      fleet.due.add(key)
      pump.wake()
    },
    onUnread: (node) => {
      fleet.turnOf(node)
      pump.wake()
    },
  })
  const handler = createCommandHandler({ log: ports.log, fold: fleet.fold, sha256, clock, archive: ports.archive })
  const documents = createStaleDocuments(ports.desired, clock)
  const work: WaveWork = {
    mayGrant: () => hasRoom,
    sight: (key) => judge.sight(key),
    reads: (node) => !judge.isUnread(node),
    revocations: {
      isConnected: (node) => fleet.isConnected(node) && !judge.isUnread(node),
      isStarted: (node, execution) => fleet.reports(node)?.executions.has(execution) === true,
      isStale: (node, revokedAt) => documents.isStale(node, revokedAt),
    },
    clock,
    random: ports.random,
    fleet,
    handler,
  }

  const act = async (): Promise<void> => {
    if (!leads || !caughtUp || !live) return
    const verdicts = [...judge.pending]
    judge.pending.clear()
    await Promise.all(
      verdicts.map(async ([key, ofJob]) => {
        const error = await appendVerdicts(work, key, [...ofJob.values()])
        if (error === undefined) return
        refusedBy('verdicts', key, error)
        if (error.retryable) judge.pending.set(key, new Map([...ofJob, ...(judge.pending.get(key) ?? [])]))
      }),
    )
    const due = [...fleet.due]
    fleet.due.clear()
    await Promise.all(
      due.map(async (key) => {
        const error = await appendNext(work, key)
        if (error === undefined) return
        refusedBy('rollout', key, error)
        if (error.retryable) fleet.due.add(key)
      }),
    )
  }

  const refusedBy = (step: string, key: string, error: { code: string; message: string; retryable: boolean }): void => {
    lastError = `${step}: ${error.code}: ${error.message}`
    logger.warn('a step was refused', { step, key, code: error.code, detail: error.message })
    if (error.retryable) pump.wake(RETRY_MS)
  }

  const follower = followInto(fleet.fold, ports.log, {
    archive: ports.archive,
    clock,
    onCaughtUp: () => {
      caughtUp = true
      pump.wake()
    },
    onLive: (now) => {
      live = now
      pump.wake()
    },
    onRewound: (why) => {
      logger.error('the log went backwards; the state is rebuilt', { code: 'log_rewound', why })
      caughtUp = false
      fleet.clear()
      validating.clear()
      judge.clear()
    },
  })

  const snapshots = keepSnapshots({
    store: ports.snapshots,
    name: 'rollout-engine',
    fold: fleet.fold,
    clock,
    everyMessages: options.snapshotEvery ?? SNAPSHOT_EVERY,
    lookEveryMs: LOOK_FOR_SNAPSHOT_MS,
    mayWrite: () => leads && caughtUp && live,
    extra: () => undefined,
    onWritten: (seq) => logger.info('snapshot written', { seq }),
    onFailed: (error) => logger.warn('snapshot not written', { code: error.code, detail: error.message }),
  })

  const lease = holdLease({
    kv: ports.leases,
    key: 'rollout-engine',
    owner: options.owner,
    ttlMs: options.lease?.ttlMs ?? 10_000,
    renewMs: options.lease?.renewMs ?? 3_000,
    clock,
    onHeld: () => {
      leads = true
      takeOver()
      logger.info('leads', { role: 'rollout-engine' })
      pump.wake()
    },
    onLost: () => {
      leads = false
      logger.warn('no longer leads', { role: 'rollout-engine' })
    },
  })

  /** What a predecessor may have left undone is found from the fold alone. */
  const takeOver = (): void => {
    fleet.markAll()
    for (const [key, job] of fleet.jobs()) validating.sync(key, job)
    for (const item of validating.all()) judge.onReport(item.node)
  }

  /** Looks after places that revoked grants still take. */
  const documentWatch = every(clock, DOCUMENTS_EVERY_MS, async () => {
    if (!leads || !caughtUp || !live || fleet.revoking.size === 0) return
    const revoked = [...fleet.revoking].flatMap((key) => [...(fleet.job(key)?.rollouts.revoked ?? [])])
    const sinceSeq = revoked.map(([node, { seq }]) => [node, seq] as const)
    const free = await documents.look(sinceSeq).catch((error: unknown) => {
      logger.warn('documents of revoked grants were not read', { detail: String(error) })
      return false
    })
    if (!free) return
    for (const key of fleet.revoking) fleet.due.add(key)
    pump.wake()
  })

  /** From 90 % of its limit on the log is kept for what ends things: stops, halts, verdicts. */
  const roomWatch = every(clock, ROOM_EVERY_MS, async () => {
    const { bytes, maxBytes } = await ports.log.info()
    const had = hasRoom
    hasRoom = maxBytes < 0 || bytes < maxBytes * ROOM_SHARE
    if (had !== hasRoom)
      logger.warn(hasRoom ? 'the log has room again' : 'the log is nearly full: nothing is granted', {
        bytes,
        maxBytes,
      })
    if (!had && hasRoom) {
      // A rollout that has completed may have nodes that came back meanwhile.
      fleet.markAll()
      pump.wake()
    }
  })

  const tick = every(clock, options.tickMs ?? 1_000, () => {
    if (!leads || !caughtUp || !live) return
    judge.tick()
    for (const key of fleet.running) fleet.due.add(key)
    pump.wake()
  })

  return {
    ready: follower.caughtUp,
    status: () => ({
      leads,
      caughtUp,
      live,
      seq: fleet.fold.position?.seq ?? 0,
      troubled: fleet.fold.troubled().length,
      heartbeatsRefused: judge.refused(),
      strangers: { ...fleet.strangers },
      ...(lastError === undefined ? {} : { lastError }),
    }),
    stop: async () => {
      tick.cancel()
      roomWatch.cancel()
      documentWatch.cancel()
      await snapshots.stop()
      judge.stop()
      await lease.stop()
      leads = false
      await pump.stop()
      await follower.stop()
    },
  }
}

/** The nodes whose validation a commit may have changed; undefined = all of the job. */
const nodesOf = (events: readonly JobSubjectEvent[]): readonly NodeId[] | undefined => {
  const nodes: NodeId[] = []
  for (const event of events) {
    if (event.type === 'NodesGranted') for (const [node] of event.grants) nodes.push(node)
    else if (event.type === 'VerdictsReached') for (const { node } of event.verdicts) nodes.push(node)
    else if (
      event.type !== 'JobStateChanged' &&
      event.type !== 'CommandNoted' &&
      event.type !== 'WaveStarted' &&
      event.type !== 'WavePassed'
    )
      return undefined
  }
  return nodes
}
