/**
 * Health judgement: windows in heartbeats and endings in reports become verdicts. Any instance sees the same windows; one
 * that was blind or has just started knows less, never something else, and condemns nobody for what it did not see.
 */
import { heartbeatSchema, type HeartbeatExecution, type NodeId, type Verdict, type WindowEnd } from '@dunlin/contracts'
import { judgeDeadline, judgeWindows, type FleetReader, type Judgement } from '@dunlin/domain'
import type { Bus, BusMessage, Subscription } from '@dunlin/eventstore'
import { HEARTBEATS } from '@dunlin/nats'
import type { Clock } from '@dunlin/runtime'
import { readWindows } from './ask-windows.ts'
import type { Validating, ValidatingTable } from './validating.ts'

export interface HealthJudge {
  /** Verdicts reached and not yet in the log, by job. */
  readonly pending: Map<string, Map<NodeId, Verdict>>
  /** A node reported: an execution that ended is judged by its ending. */
  onReport(node: NodeId): void
  /** Lets deadlines run by the time since the last call. */
  tick(): void
  /** Heartbeats that could not be read, or spoke for another node or grant. */
  refused(): number
  stop(): void
}

export interface HealthJudgeOptions {
  readonly bus: Bus
  readonly clock: Clock
  readonly validating: ValidatingTable
  readonly fleet: FleetReader
  readonly onVerdict: () => void
}

const decoder = new TextDecoder()
const parse = (data: Uint8Array): unknown => {
  try {
    return JSON.parse(decoder.decode(data))
  } catch {
    return undefined
  }
}

/** A node that was not heard for this many of its own intervals (at least 15 s) lets no deadline run. */
const UNHEARD_INTERVALS = 3
const UNHEARD_AT_LEAST_MS = 15_000
/** How often the same node is asked for windows that were missed. */
const ASK_EVERY_MS = 2_000
/** Precision of deadlines: a fiftieth of them, at most this. */
const LOOK_AT_MOST_EVERY_MS = 5_000

export const createHealthJudge = (options: HealthJudgeOptions): HealthJudge => {
  const { bus, clock, validating, fleet } = options
  const pending = new Map<string, Map<NodeId, Verdict>>()
  const heardAt = new Map<NodeId, number>()
  let live = true
  let refused = 0

  const reach = (item: Validating, judgement: Judgement | Pick<Verdict, 'verdict' | 'reason'>): void => {
    item.judged = true
    const verdict: Verdict = {
      node: item.node,
      execution: item.execution,
      generation: [item.generation[0], item.generation[1]],
      verdict: judgement.verdict,
      reason: judgement.reason,
      window: 'window' in judgement ? judgement.window : (item.run.last?.[0] ?? 0),
      evidence: [...('evidence' in judgement ? judgement.evidence : item.run.recent)],
    }
    const ofJob = pending.get(item.job)
    if (ofJob === undefined) pending.set(item.job, new Map([[item.node, verdict]]))
    else ofJob.set(item.node, verdict)
    options.onVerdict()
  }

  const judge = (item: Validating, ends: readonly WindowEnd[]): void => {
    const judgement = judgeWindows(item.run, ends, item.policy)
    if (judgement !== undefined) reach(item, judgement)
  }

  const onHeartbeat = (message: BusMessage): void => {
    const node = message.subject.slice(message.subject.lastIndexOf('.') + 1) as NodeId
    // Most nodes validate nothing: their heartbeats are not even parsed here.
    if (!validating.has(node)) return
    const read = heartbeatSchema.safeParse(parse(message.data))
    if (!read.success || read.data.node !== node) {
      refused += 1
      return
    }
    heardAt.set(node, clock.monotonicMs())
    for (const item of validating.of(node)) {
      const said = read.data.ex.find(({ x }) => x === item.execution)
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

  const onReport = (node: NodeId): void => {
    for (const item of validating.of(node)) {
      const reported = fleet.reports(node)?.executions.get(item.execution)
      if (reported === undefined || item.judged) continue
      if (reported.state === 'failed') reach(item, { verdict: 'failed', reason: 'execution_failed' })
      else if (reported.state === 'completed') reach(item, { verdict: 'healthy', reason: 'completed' })
    }
  }

  const tick = (): void => {
    const now = clock.monotonicMs()
    for (const item of validating.all()) {
      const passed = now - item.lookedAtMono
      // A deadline of minutes need not be looked at every second: with 100,000 validating nodes that is a core's tenth.
      if (item.judged || passed < Math.min(LOOK_AT_MOST_EVERY_MS, item.policy.deadlineMs / 50)) continue
      item.lookedAtMono = now
      if (!live) continue
      const { node, policy, run } = item
      const patience = Math.max(UNHEARD_AT_LEAST_MS, UNHEARD_INTERVALS * policy.intervalMs)
      const heard = now - (heardAt.get(node) ?? -Infinity) < patience
      if (!heard || fleet.node(node)?.connection.is !== 'connected') continue
      if (!fleet.reports(node)?.executions.has(item.execution)) continue
      item.validatedMs += passed
      // Reached on unknown windows only, a deadline fails nobody.
      if (item.validatedMs >= policy.deadlineMs && run.recent.length > 0) reach(item, judgeDeadline(run))
    }
  }

  const subscriptions: Subscription[] = [
    bus.subscribe(HEARTBEATS, onHeartbeat),
    bus.onLive((now) => {
      live = now
    }),
  ]
  return {
    pending,
    onReport,
    tick,
    refused: () => refused,
    stop: () => subscriptions.forEach((subscription) => subscription.stop()),
  }
}
