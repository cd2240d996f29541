/**
 * The scheduler as a function of its ports: where jobs run, whether nodes live, what each node shall run, and the derived
 * state of jobs. Everything it does follows from the fold of the log and from marks, so it may be killed at any moment;
 * any number of instances may run, of which the lease holder acts.
 */
import { serviceActor, type DunlinError, type NodeId } from '@dunlin/contracts'
import { compareGenerations } from '@dunlin/contracts'
import { DEFAULT_LIVENESS, type LivenessTimers } from '@dunlin/domain'
import { createCommandHandler, followInto, holdLease, keepSnapshots, type LoadedSnapshot } from '@dunlin/eventstore'
import { LOG_SUBJECT } from '@dunlin/nats'
import { createPace, createPump, every, sha256, watchExcess } from '@dunlin/runtime'
import { createDocumentWriter } from './desired/documents.ts'
import { evaluateMarked, recountWaiting } from './evaluate/evaluate.ts'
import { createFleet } from './fleet/fleet.ts'
import { touchDocument } from './fleet/marks.ts'
import { answerHeard } from './liveness/answer.ts'
import { createAheadWatch } from './liveness/ahead.ts'
import { createLivenessJudge } from './liveness/judge.ts'
import { listen } from './liveness/listen.ts'
import type { SchedulerPorts } from './ports.ts'
import { createStatusKeeper } from './status/status.ts'
import { endOverdueJobs } from './timers/timeouts.ts'
import type { Work } from './work.ts'

export interface SchedulerOptions {
  /** Name of this instance in the lease. */
  readonly owner: string
  readonly liveness?: LivenessTimers
  /** `loopback` (default): whoever announces itself takes part. `enrolled`: only nodes that joined and were admitted. */
  readonly admission?: 'loopback' | 'enrolled'
  /** At most one derived state per job in this time. */
  readonly stateEveryMs?: number
  /** How often silence is looked for. */
  readonly livenessEveryMs?: number
  /** A node that shows an older document for this long is rung again. */
  readonly ringAfterMs?: number
  readonly lease?: { readonly ttlMs: number; readonly renewMs: number }
  /** What `loadSnapshot` gave: the fold begins there. */
  readonly snapshot?: LoadedSnapshot | undefined
  /** A snapshot is written whenever the log has grown by so many messages. */
  readonly snapshotEvery?: number
}

export interface RunningScheduler {
  /** Resolves when the fold has caught up with the log. */
  readonly ready: Promise<void>
  status(): SchedulerStatus
  stop(): Promise<void>
}

export interface SchedulerStatus {
  readonly leads: boolean
  readonly caughtUp: boolean
  readonly live: boolean
  readonly seq: number
  readonly nodes: number
  readonly jobs: number
  readonly troubled: number
  readonly heartbeatsRefused: number
  /** What nodes sent beyond what one may, by kind. */
  readonly excess: Readonly<Record<string, number>>
  readonly lastError?: string
}

/** Pause before work that failed with a retryable error is tried again. */
const RETRY_MS = 500
const SNAPSHOT_EVERY = 20_000
/** Ticks between two looks at all nodes: with 100,000 of them each look is noticed. */
const LOOK_AT_ALL_EVERY = 20
/** Ticks between two looks for nodes that hold an older document, and for nodes that hold one from beyond the log. */
const RING_EVERY = 3
const LOOK_AHEAD_EVERY = 5
/**
 * A node that was heard in this time is not looked at between: longer than the ten seconds between heartbeats, or half of
 * the fleet would be looked at every second.
 */
const QUIET_MS = 15_000
const LOOK_FOR_SNAPSHOT_MS = 10_000
/** What one node may write before it is told of: more than one with thousands of jobs writes when all of them start. */
const REPORTS_OF_ONE = { burst: 20_000, everyMs: 20 }
/**
 * How often one node is placed anew because of what it announces: each time may change every job, and so write a commit
 * for each.
 */
const ANNOUNCEMENTS_OF_ONE = { burst: 10, everyMs: 20_000 }
/** What is further away is found by a tick. */
const LONGEST_WAKE_MS = 60_000

export const startScheduler = (ports: SchedulerPorts, options: SchedulerOptions): RunningScheduler => {
  const { clock, logger } = ports
  let leads = false
  let caughtUp = false
  let live = true
  let mustRaiseEpoch = false
  let lastError: string | undefined

  const pump = createPump(clock, logger, () => act())
  const excess = watchExcess(clock, logger)
  const fleet = createFleet(
    () => pump.wake(),
    options.snapshot,
    (node) => listener.forget(node),
    (node, announced) => onReported(node, announced),
  )
  for (const [node, seq] of pendingDocuments(options.snapshot?.extra)) touchDocument(fleet.marks, node, seq)
  const handler = createCommandHandler({ log: ports.log, fold: fleet.fold, sha256, clock, archive: ports.archive })
  const work: Work = {
    ...ports,
    fleet,
    handler,
    failed: (step, key, error: DunlinError, again) => {
      lastError = `${step}: ${error.code}: ${error.message}`
      logger.warn('a step was refused', { step, key, code: error.code, detail: error.message })
      if (!error.retryable) return
      again()
      pump.wake(RETRY_MS)
    },
  }
  const listener = listen(ports.bus, clock, (node) => onHeard(node), {
    epoch: () => fleet.epoch(),
    onExcess: (node) => excess.note('heartbeats', node),
  })
  /** Since when nodes have been heard without reading what was written for them. */
  const unreadSince = new Map<NodeId, number>()
  const answering = answerHeard(ports.bus, listener, (node) => {
    const since = unreadSince.get(node)
    return since === undefined || !leads ? undefined : clock.monotonicMs() - since
  })
  const liveness = createLivenessJudge(work, listener, options.liveness ?? DEFAULT_LIVENESS, (node) =>
    excess.note('connections', node),
  )
  const documents = createDocumentWriter(work)
  const status = createStatusKeeper(work, options.stateEveryMs ?? 1000)
  const unheard = new Set<NodeId>()
  const reportsOfOne = createPace(clock, REPORTS_OF_ONE)
  const announcementsOfOne = createPace(clock, ANNOUNCEMENTS_OF_ONE)

  /** Whether its announcement may be acted on now; a later tick looks at it otherwise. */
  const onReported = (node: NodeId, announced: boolean): boolean => {
    // A log that is read at the start was written at another pace.
    if (!caughtUp) return true
    if (!reportsOfOne.take(node)) excess.note('reports', node)
    if (!announced || announcementsOfOne.take(node)) return true
    excess.note('announcements', node)
    return false
  }

  /** A node that is heard and not recorded as connected must not wait for the next tick. */
  const onHeard = (node: NodeId): void => {
    const state = fleet.fold.get('node', node)?.state
    const heard = listener.heard.get(node)
    if (state === undefined || heard === undefined) return
    const known = state.connection.is === 'connected' && state.connection.boot === heard.boot
    if (known !== heard.bye) return
    unheard.add(node)
    pump.wake()
  }

  const act = async (): Promise<void> => {
    if (!caughtUp || !live) return
    // Whoever saw the log go backwards says so, leader or not: the leader may have started since, and know nothing of it.
    if (mustRaiseEpoch && !(await raiseEpoch())) return
    if (!leads) return
    const { marks } = fleet
    if (marks.unadmitted.size > 0) {
      const nodes = [...marks.unadmitted]
      marks.unadmitted.clear()
      if (options.admission !== 'enrolled') await liveness.admit(nodes)
      await liveness.judge(nodes)
    }
    for (const node of marks.admitted) unheard.add(node)
    marks.admitted.clear()
    if (unheard.size > 0) {
      const nodes = [...unheard]
      unheard.clear()
      await liveness.judge(nodes)
    }
    await endOverdueJobs(work)
    for (const node of fleet.drains.due(clock.nowMs())) {
      fleet.drains.set(node, undefined)
      marks.nodes.add(node as NodeId)
    }
    if (marks.placement.size + marks.nodes.size > 0) await evaluateMarked(work)
    if (marks.documents.size > 0) await documents.run()
    const next = await status.run()
    if (next !== undefined) pump.wake(next)
    wakeForDeadlines()
    if (marks.documents.size + marks.placement.size + marks.nodes.size + marks.unadmitted.size > 0) pump.wake()
  }

  /** A deadline that has come and stays (its job cannot be ended now) is left to the tick. */
  const wakeForDeadlines = (): void => {
    const next = Math.min(fleet.timeouts.next() ?? Infinity, fleet.drains.next() ?? Infinity) - clock.nowMs()
    if (next > 0 && next < LONGEST_WAKE_MS) pump.wake(next)
  }

  /** One more than the highest epoch seen anywhere, before anything is decided on a log that went backwards. */
  const raiseEpoch = async (): Promise<boolean> => {
    const at = clock.nowMs()
    const done = await handler.handle({
      subject: LOG_SUBJECT,
      kind: 'log',
      key: 'log',
      command: { id: `~epoch.${ports.random.ulid(at)}`, by: serviceActor('scheduler'), at },
      decide: ({ state }) => ({
        ok: true,
        commits: [
          [
            {
              type: 'EpochRaised',
              epoch: Math.max(state.epoch, listener.highestEpoch(), documents.highestEpoch()) + 1,
              reason: 'log_rewound',
            },
          ],
        ],
      }),
    })
    if (!done.ok) {
      work.failed('epoch', 'log', done.error, () => {})
      return false
    }
    mustRaiseEpoch = false
    fleet.markAll(done.seq)
    return true
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
      mustRaiseEpoch = true
      fleet.clear()
      documents.clear()
      status.clear()
    },
  })

  const snapshots = keepSnapshots({
    store: ports.snapshots,
    name: 'scheduler',
    fold: fleet.fold,
    clock,
    everyMessages: options.snapshotEvery ?? SNAPSHOT_EVERY,
    lookEveryMs: LOOK_FOR_SNAPSHOT_MS,
    mayWrite: () => leads && caughtUp && live,
    extra: () => ({ documents: documents.pending() }),
    onWritten: (seq) => logger.info('snapshot written', { seq }),
    onFailed: (error) => logger.warn('snapshot not written', { code: error.code, detail: error.message }),
  })

  const lease = holdLease({
    kv: ports.leases,
    key: 'scheduler',
    owner: options.owner,
    ttlMs: options.lease?.ttlMs ?? 10_000,
    renewMs: options.lease?.renewMs ?? 3_000,
    clock,
    onHeld: () => {
      leads = true
      fleet.markAll(0)
      logger.info('leads', { role: 'scheduler' })
      pump.wake()
    },
    onLost: () => {
      leads = false
      logger.warn('no longer leads', { role: 'scheduler' })
    },
  })

  const nodeAhead = createAheadWatch({
    log: ports.log,
    clock,
    listener,
    isKnown: (node) => fleet.fold.get('report', node) !== undefined,
    folded: () => [fleet.epoch(), fleet.fold.position?.seq ?? 0],
    waitFor: (seq) => follower.waitFor(seq),
  })
  const lookForNodesAhead = async (): Promise<void> => {
    const node = await nodeAhead()
    if (node === undefined) return
    logger.error('a node obeys a document from beyond the end of the log', { code: 'log_rewound', node })
    mustRaiseEpoch = true
  }

  const quietMs = Math.min(QUIET_MS, (options.liveness ?? DEFAULT_LIVENESS).disconnectedAfterMs / 3)
  const behindSince = new Map<NodeId, number>()
  let ticks = 0
  const ringAfterMs = options.ringAfterMs ?? 15_000
  const tick = every(clock, options.livenessEveryMs ?? 1_000, async () => {
    if (!leads || !caughtUp || !live) return
    ticks += 1
    // Who was heard lately needs no look; everybody is looked at now and then, for the limits of hours.
    await liveness.judge(ticks % LOOK_AT_ALL_EVERY === 0 ? undefined : listener.silentFor(quietMs))
    if (ticks % LOOK_AT_ALL_EVERY === 0) await ringThoseBehind(listener.heard.keys())
    else if (ticks % RING_EVERY === 0) await ringThoseBehind(documents.unseen)
    if (ticks % LOOK_AHEAD_EVERY === 0) await lookForNodesAhead()
    if (fleet.marks.recount.size > 0) await recountWaiting(work)
    for (const node of fleet.marks.postponed)
      if (announcementsOfOne.take(node)) {
        fleet.marks.postponed.delete(node)
        fleet.marks.nodes.add(node)
      }
    pump.wake()
  })

  const ringThoseBehind = async (nodes: Iterable<NodeId>): Promise<void> => {
    const now = clock.monotonicMs()
    for (const node of nodes) {
      const heard = listener.heard.get(node)
      if (heard === undefined) continue
      const { holds, atMono } = heard
      const written = documents.written(node)
      // It was away when all documents were written again, and no job has a grant there now.
      if (written === undefined && holds[1] > 0 && holds[0] < fleet.epoch() && fleet.fold.get('report', node))
        touchDocument(fleet.marks, node, fleet.fold.position?.seq ?? 0)
      if (written === undefined || compareGenerations(holds, written) >= 0) {
        behindSince.delete(node)
        unreadSince.delete(node)
        documents.unseen.delete(node)
        continue
      }
      // A node that is not heard cannot be said not to read.
      if (now - atMono > quietMs) unreadSince.delete(node)
      else if (!unreadSince.has(node)) unreadSince.set(node, now)
      const since = behindSince.get(node) ?? atMono
      behindSince.set(node, since)
      if (now - since < ringAfterMs) continue
      behindSince.set(node, now)
      // A log that does not answer has enough to do: the others are rung by a later tick.
      if (!(await documents.ring(node))) return
    }
  }

  return {
    ready: follower.caughtUp,
    status: () => ({
      leads,
      caughtUp,
      live,
      seq: fleet.fold.position?.seq ?? 0,
      nodes: fleet.fold.count('node'),
      jobs: fleet.fold.count('job'),
      troubled: fleet.fold.troubled().length,
      heartbeatsRefused: listener.refused(),
      excess: excess.counts(),
      ...(lastError === undefined ? {} : { lastError }),
    }),
    stop: async () => {
      tick.cancel()
      await snapshots.stop()
      answering.stop()
      excess.stop()
      listener.stop()
      await lease.stop()
      leads = false
      await pump.stop()
      await follower.stop()
    },
  }
}

/** Documents that were touched and not yet written when the snapshot was taken. It is our own, found by fold version. */
const pendingDocuments = (extra: unknown): readonly [NodeId, number][] =>
  (extra as { readonly documents?: [NodeId, number][] } | undefined)?.documents ?? []
