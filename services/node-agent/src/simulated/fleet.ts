/**
 * Many agents in one process, on one connection, speaking the real protocol: announcement, doorbell and document,
 * reports by compare-and-set, heartbeats with windows. One subscription and one wheel for all; no timer per agent.
 */
import {
  NO_GENERATION,
  type BootId,
  type DesiredDocument,
  type DesiredExecution,
  type JournalId,
  type Labels,
  type NodeId,
} from '@dunlin/contracts/agent'
import type { Bus, KeyValue, Log, Subscription } from '@dunlin/eventstore/agent'
import { nextEndMs } from '@dunlin/domain/agent'
import { decodeToken, doorbellSubject, heartbeatSubject } from '@dunlin/nats/agent'
import { every, type Clock, type Logger, type Random } from '@dunlin/runtime/agent'
import { isOver, mayActivate, report, takeDocument, type Instant } from './converging.ts'
import { cutWindows, heartbeatOf, type SimulatedExecution, type SimulatedNode } from './node.ts'
import { createSimulatedReports } from './reports.ts'
import { answerSimulatedRpc } from './rpc.ts'
import { healthy, type Scripts } from './script.ts'

export interface SimulatedPorts {
  readonly bus: Bus
  readonly reports: Pick<Log, 'append' | 'last'>
  readonly desired: Pick<KeyValue, 'get'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
}

export interface SimulatedOptions {
  readonly count: number
  /** Default `sim-<index>`. */
  readonly nodeId?: (index: number) => NodeId
  readonly labels?: (index: number) => Labels
  /** Job types they run. Default process and pipeline. */
  readonly drivers?: readonly string[]
  readonly scripts?: Scripts
  readonly heartbeatMs?: number
  /** The resolution of everything timed. Default 50. */
  readonly tickMs?: number
  /** Announcements in flight at the start. Default 256. */
  readonly announceWindow?: number
  /** The report subjects are known to be empty: saves one question per agent. Default false. */
  readonly fresh?: boolean
}

export interface SimulatedFleet {
  readonly nodes: ReadonlyMap<NodeId, SimulatedNode>
  /** Every announcement is in the log. */
  readonly announced: Promise<void>
  /** How many executions are in each state. */
  counts(): Record<string, number>
  /** A silent agent reports, beats and answers nothing until it is loud again. */
  silence(node: NodeId, silent: boolean): void
  /** Ends all of them; with `bye` their last heartbeats say so. */
  stop(bye?: boolean): void
}

const NOTHING_WANTED: ReadonlyMap<string, DesiredExecution> = new Map()

export const startSimulatedAgents = (ports: SimulatedPorts, options: SimulatedOptions): SimulatedFleet => {
  const { bus, clock, random, logger } = ports
  const { count, scripts = healthy, heartbeatMs = 10_000, tickMs = 50, announceWindow = 256 } = options
  const nodeId = options.nodeId ?? ((index: number) => `sim-${String(index).padStart(6, '0')}` as NodeId)
  const nodes = new Map<NodeId, SimulatedNode>()
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let stopped = false

  /** Due at a time: starts that take a while, ends that were scripted. */
  const later: { readonly atMs: number; readonly run: () => void }[] = []
  /** Nodes that beat faster because something validates. */
  const validating = new Set<SimulatedNode>()
  const slots: SimulatedNode[][] = Array.from({ length: Math.max(1, Math.round(heartbeatMs / tickMs)) }, () => [])
  let slot = 0

  const instant = (): Instant => ({ at: Math.round(clock.nowMs()), nowMs: clock.monotonicMs() })

  const reports = createSimulatedReports({
    reports: ports.reports,
    clock,
    logger,
    drivers: options.drivers ?? ['process', 'pipeline'],
    isStopped: () => stopped,
    onAcknowledged: (node, executions) => {
      for (const id of executions) {
        const one = node.executions.get(id)
        if (one && !one.started && one.state === 'starting') activate(node, one)
      }
    },
  })

  const activate = (node: SimulatedNode, one: SimulatedExecution): void => {
    if (one.script.silencesNode) {
      node.silent = true
      return
    }
    mayActivate(node, one, instant())
    soon(one.script.startsInMs ?? 0, () => {
      if (isOver(one.state)) return
      one.runningSinceMs = clock.monotonicMs()
      report(node, one, 'running', instant())
      reports.send(node)
      const { ends } = one.script
      if (ends) soon(ends.afterMs, () => end(node, one, ends))
    })
  }

  const end = (
    node: SimulatedNode,
    one: SimulatedExecution,
    { as, message = 'ended as scripted' }: { readonly as: 'completed' | 'failed'; readonly message?: string },
  ): void => {
    if (isOver(one.state)) return
    report(node, one, as, instant(), as === 'failed' ? { code: 'exited', message } : undefined)
    reports.send(node)
  }

  const soon = (delayMs: number, run: () => void): void => {
    if (delayMs <= 0) run()
    else later.push({ atMs: clock.monotonicMs() + delayMs, run })
  }

  const take = (node: SimulatedNode, data: Uint8Array): void => {
    let document: DesiredDocument
    try {
      document = JSON.parse(decoder.decode(data)) as DesiredDocument
      if (document.s !== 1 || !Array.isArray(document.executions)) return
    } catch {
      return logger.error('a simulated agent got a document that it cannot read', { node: node.id })
    }
    if (!takeDocument(node, document, scripts, instant())) return
    if (node.outbox.length > 0) {
      validating.add(node)
      reports.send(node)
    }
  }

  const beat = (node: SimulatedNode, bye = false): void => {
    const { at, nowMs } = instant()
    node.beatMs = nowMs
    node.cutSinceBeat = false
    bus.publish(heartbeatSubject(node.id), encoder.encode(JSON.stringify(heartbeatOf(node, nowMs, at, bye))))
  }

  const tick = (): void => {
    const nowMs = clock.monotonicMs()
    for (let i = later.length - 1; i >= 0; i--) {
      const due = later[i]
      if (!due || due.atMs > nowMs) continue
      later[i] = later.at(-1) as (typeof later)[number]
      later.pop()
      due.run()
    }
    for (const node of validating) {
      if (nowMs < node.lookMs) continue
      let going = false
      let intervalMs = heartbeatMs
      let endsMs = Infinity
      for (const one of node.executions.values()) {
        const { n } = one.cutting
        const more = cutWindows(one, nowMs)
        if (one.cutting.n > n) node.cutSinceBeat = true
        if (!more) continue
        going = true
        intervalMs = Math.min(intervalMs, one.entry.health.intervalMs)
        endsMs = Math.min(endsMs, nextEndMs(one.cutting) ?? Infinity)
      }
      if (!going) validating.delete(node)
      // As the real agent does: a judge should not wait for a window that the node has already cut.
      const pauseMs = (): number => (node.cutSinceBeat ? intervalMs / 2 : intervalMs)
      if (!node.silent && node.announced && (!going || nowMs - node.beatMs >= pauseMs())) beat(node)
      node.lookMs = Math.min(endsMs, node.beatMs + pauseMs())
    }
    for (const node of slots[(slot = (slot + 1) % slots.length)] ?? []) {
      if (!node.silent && node.announced && nowMs - node.beatMs >= heartbeatMs / 2) beat(node)
    }
  }

  for (let index = 0; index < count; index++) {
    const node: SimulatedNode = {
      id: nodeId(index),
      boot: random.ulid(clock.nowMs()) as BootId,
      journal: random.ulid(clock.nowMs()) as JournalId,
      labels: options.labels?.(index) ?? {},
      j: 0,
      v: 0,
      expected: options.fresh ? 0 : undefined,
      generation: NO_GENERATION,
      wanted: NOTHING_WANTED,
      executions: new Map(),
      outbox: [],
      sending: false,
      announced: false,
      silent: false,
      beats: 0,
      beatMs: -Infinity,
      cutSinceBeat: false,
      lookMs: 0,
    }
    nodes.set(node.id, node)
    slots[index % slots.length]?.push(node)
  }

  const prefix = doorbellSubject('x').length - 1
  const live: Subscription[] = [
    bus.subscribe('doorbell.*', ({ subject, data }) => {
      const node = nodes.get(decodeToken(subject.slice(prefix)) as NodeId)
      if (node && !node.silent) take(node, data)
    }),
    answerSimulatedRpc(bus, nodes),
  ]
  const wheel = every(clock, tickMs, tick)

  const begin = async (node: SimulatedNode): Promise<void> => {
    await reports.announce(node)
    if (stopped) return
    beat(node)
    if (options.fresh) return
    const entry = await ports.desired.get(node.id).catch(() => undefined)
    if (entry) take(node, entry.value)
  }

  const announceAll = async (): Promise<void> => {
    const queue = nodes.values()
    const worker = async (): Promise<void> => {
      for (const node of queue) {
        if (stopped) return
        await begin(node)
      }
    }
    await Promise.all(Array.from({ length: Math.min(announceWindow, count) }, worker))
  }

  return {
    nodes,
    announced: announceAll(),
    counts: () => {
      const counts: Record<string, number> = {}
      for (const node of nodes.values())
        for (const { state } of node.executions.values()) counts[state] = (counts[state] ?? 0) + 1
      return counts
    },
    silence: (id, silent) => {
      const node = nodes.get(id)
      if (!node) return
      node.silent = silent
      if (silent) return
      reports.send(node)
      void ports.desired.get(id).then(
        (entry) => entry && take(node, entry.value),
        () => undefined,
      )
    },
    stop: (bye = false) => {
      stopped = true
      wheel.cancel()
      for (const subscription of live) subscription.stop()
      if (bye) for (const node of nodes.values()) if (!node.silent && node.announced) beat(node, true)
    },
  }
}
