/**
 * Health judgement: windows in heartbeats and endings in reports become verdicts. Any instance sees the same windows; one
 * that was blind or has just started knows less, never something else, and condemns nobody for what it did not see.
 */
import {
  compareGenerations,
  readHeartbeat,
  type HeartbeatExecution,
  type NodeId,
  type Verdict,
  type WindowEnd,
} from '@dunlin/contracts'
import { judgeWindows, noWindows, type Judgement } from '@dunlin/domain'
import type { Bus, BusMessage, Subscription } from '@dunlin/eventstore'
import { HEARTBEATS } from '@dunlin/nats'
import { createPace, type Clock } from '@dunlin/runtime'
import { readWindows } from './ask-windows.ts'
import { createPatience, type Sight } from './patience.ts'
import { createUnread } from './unread.ts'
import type { JudgeView } from './view.ts'
import type { Validating, ValidatingTable } from './validating.ts'

export interface HealthJudge {
  /** Verdicts reached and not yet in the log, by job. */
  readonly pending: Map<string, Map<NodeId, Verdict>>
  /** A node reported: an execution that ended is judged by its ending. */
  onReport(node: NodeId): void
  /** The log says otherwise than before whether a node is connected. */
  onConnection(node: NodeId): void
  /** Lets deadlines and silences run by the time since the last call. */
  tick(): void
  /** Whether outcomes of this job can be told now. */
  sight(job: string): Sight
  /** The log went backwards: what was found out is no more. */
  clear(): void
  /** It is heard, but does not read its documents. */
  isUnread(node: NodeId): boolean
  /** Heartbeats that could not be read, or spoke for another node or grant. */
  refused(): number
  stop(): void
}

export interface HealthJudgeOptions {
  readonly bus: Bus
  readonly clock: Clock
  readonly validating: ValidatingTable
  readonly view: JudgeView
  readonly onVerdict: () => void
  /** The sight of a job has changed: its rollout may have to be held, or go on. */
  readonly onSight: (job: string) => void
  /** A node that is heard does not read its documents, or reads them again. */
  readonly onUnread: (node: NodeId) => void
}

/** How often the same node is asked for windows that were missed. */
const ASK_EVERY_MS = 2_000
/** As the scheduler hears them: an agent leaves 100 ms between two, and a large one takes the room of several. */
const HEARTBEATS_OF_ONE = { burst: 80, everyMs: 25 }
const BYTES_OF_ONE = 64 * 1024

export const createHealthJudge = (options: HealthJudgeOptions): HealthJudge => {
  const { bus, clock, validating, view } = options
  const pending = new Map<string, Map<NodeId, Verdict>>()
  let refused = 0
  const pace = createPace(clock, HEARTBEATS_OF_ONE)

  const reach = (item: Validating, judgement: Judgement | Pick<Verdict, 'verdict' | 'reason'>): void => {
    item.judged = true
    item.notStarted = judgement.reason === 'not_started'
    item.blind = false
    const verdict: Verdict = {
      node: item.node,
      execution: item.execution,
      generation: [item.generation[0], item.generation[1]],
      verdict: judgement.verdict,
      // Who recovers by ending well says so: no windows prove it.
      reason: item.recovering && 'window' in judgement ? 'recovered' : judgement.reason,
      window: 'window' in judgement ? judgement.window : (item.run.last?.[0] ?? 0),
      evidence: 'evidence' in judgement ? [...judgement.evidence] : item.recovering ? [] : [...item.run.recent],
    }
    const ofJob = pending.get(item.job)
    if (ofJob === undefined) pending.set(item.job, new Map([[item.node, verdict]]))
    else ofJob.set(item.node, verdict)
    options.onVerdict()
  }
  const unread = createUnread()
  const patience = createPatience({
    clock,
    validating,
    view,
    reach,
    onSight: options.onSight,
    onUnread: ({ node, generation }) => {
      unread.add(node, generation)
      options.onUnread(node)
    },
  })

  const judge = (item: Validating, ends: readonly WindowEnd[]): void => {
    const judgement = judgeWindows(item.run, ends, item.policy)
    if (item.run.recent.length > 0) item.blind = false
    if (judgement === undefined) return
    if (!item.recovering || judgement.verdict === 'healthy') reach(item, judgement)
    // It goes on failing, which is known: the next run of good windows counts from here.
    else Object.assign(item.run, { ...noWindows(), last: item.run.last, recent: item.run.recent })
  }

  const onHeartbeat = (message: BusMessage): void => {
    const node = message.subject.slice(message.subject.lastIndexOf('.') + 1) as NodeId
    const items = validating.of(node)
    // Most nodes validate nothing: their heartbeats are not even parsed here.
    if (items.length === 0 && !unread.has(node)) return
    const read = pace.take(node, 1 + message.data.byteLength / BYTES_OF_ONE) ? readHeartbeat(message.data) : undefined
    if (read === undefined || read.node !== node) {
      refused += 1
      return
    }
    if (unread.holds(node, read.gen)) options.onUnread(node)
    const now = clock.monotonicMs()
    for (const item of items) {
      item.heardAtMono = now
      if (compareGenerations(read.gen, item.generation) >= 0) item.sawGrant = true
      const said = read.ex.find(({ x }) => x === item.execution)
      if (said !== undefined && !item.judged) onWindows(item, said)
    }
  }

  const onWindows = (item: Validating, said: HeartbeatExecution): void => {
    // A heartbeat for another grant of the same execution cannot be honest: executions are never granted twice.
    if (said.g[1] !== item.generation[1]) {
      refused += 1
      return
    }
    const ends = said.w ?? []
    const first = ends[0]?.[0]
    const missed = first !== undefined && first > (item.run.last?.[0] ?? 0) + 1
    if (missed && clock.monotonicMs() - item.askedAtMono >= ASK_EVERY_MS) return ask(item, ends)
    judge(item, ends)
  }

  /** Windows were missed: the node still has them. Without an answer the ones at hand are judged. */
  const ask = (item: Validating, ends: readonly WindowEnd[]): void => {
    item.askedAtMono = clock.monotonicMs()
    void readWindows(bus, item.node, item.execution).then((all) => {
      if (!item.judged) judge(item, all ?? ends)
    })
  }

  /** It has started after all, before the log took the verdict that it had not. */
  const takeBack = (item: Validating): void => {
    pending.get(item.job)?.delete(item.node)
    item.judged = false
    item.notStarted = false
    patience.again(item)
  }

  const onReport = (node: NodeId): void => {
    for (const item of validating.of(node)) {
      const reported = view.reports(node)?.executions.get(item.execution)
      if (reported === undefined) continue
      if (item.notStarted) takeBack(item)
      if (item.judged) continue
      if (reported.state === 'completed') reach(item, { verdict: 'healthy', reason: 'completed' })
      else if (reported.state === 'failed' && !item.recovering)
        reach(item, { verdict: 'failed', reason: 'execution_failed' })
    }
    patience.changed(node)
  }

  const subscriptions: Subscription[] = [
    bus.subscribe(HEARTBEATS, onHeartbeat),
    bus.onLive((now) => patience.setLive(now)),
  ]
  return {
    pending,
    onReport,
    onConnection: (node) => patience.changed(node),
    tick: () => patience.tick(),
    sight: (job) => patience.sight(job),
    clear: () => {
      pending.clear()
      unread.clear()
    },
    isUnread: (node) => unread.has(node),
    refused: () => refused,
    stop: () => subscriptions.forEach((subscription) => subscription.stop()),
  }
}
