/**
 * Many agents in one process, on one connection, speaking the real protocol: announcement, doorbell and document,
 * reports by compare-and-set, heartbeats with windows. One subscription and one wheel for all; no timer per agent that only waits.
 */
import {
  compareGenerations,
  type BootId,
  type DesiredDocument,
  type JournalId,
  type Labels,
  type NodeId,
} from '@dunlin/contracts/agent'
import type { Bus, KeyValue, Log, Subscription } from '@dunlin/eventstore/agent'
import { decodeToken, doorbellSubject } from '@dunlin/nats/agent'
import type { Clock, Logger, Random } from '@dunlin/runtime/agent'
import { count as countOn, cutWindows, isValidating } from './acting.ts'
import { startBeating } from './beating.ts'
import { beginLater, forget, takeDocument, type Instant } from './converging.ts'
import { createLiving } from './living.ts'
import { newNode, type SimulatedNode } from './node.ts'
import { rebootNode, type Reboot } from './reboot.ts'
import { createSimulatedReports } from './reports.ts'
import { answerSimulatedRpc } from './rpc.ts'
import { healthy, type Behaviour, type Scripts } from './script.ts'

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
  /** Heartbeats and window ends come at most this late, so that nodes share a turn. Default 50. */
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
  /** From now on everything on the node behaves so, whatever its script says; undefined: by the scripts again. */
  behave(node: NodeId, behaviour: Behaviour | undefined): void
  /** The agent, or its whole host, starts again; one that is silent announces itself once it is loud. */
  reboot(node: NodeId, reboot: Reboot): void
  /** Ends all of them; with `bye` their last heartbeats say so. */
  stop(bye?: boolean): void
}

/** A rung document was stored at most this long before it arrives, as real agents reckon. */
const SLOWEST_DELIVERY_MS = 60_000
const READ_AGAIN_MS = 2_000

export const startSimulatedAgents = (ports: SimulatedPorts, options: SimulatedOptions): SimulatedFleet => {
  const { bus, clock, random, logger } = ports
  const { count, scripts = healthy, heartbeatMs = 10_000, tickMs = 50, announceWindow = 256 } = options
  const nodeId = options.nodeId ?? ((index: number) => `sim-${String(index).padStart(6, '0')}` as NodeId)
  const nodes = new Map<NodeId, SimulatedNode>()
  const decoder = new TextDecoder()
  let stopped = false

  const instant = (): Instant => ({ at: Math.round(clock.nowMs()), nowMs: clock.monotonicMs() })
  const after = (delayMs: number, run: () => void): void => {
    if (delayMs !== Infinity) clock.after(delayMs, () => void (stopped || run()))
  }

  const reports = createSimulatedReports({
    reports: ports.reports,
    clock,
    logger,
    drivers: options.drivers ?? ['process', 'pipeline'],
    isStopped: () => stopped,
    onAcknowledged: (node, executions) => {
      for (const id of executions) {
        const one = node.executions.get(id)
        if (one) one.acknowledged = true
      }
      forget(node)
      living.activateReady(node)
    },
  })

  const changed = (node: SimulatedNode): void => {
    schedule(node)
    if (node.outbox.length > 0 && !node.silent) void reports.send(node)
  }

  const setSilent = (node: SimulatedNode, silent: boolean): void => {
    node.silent = silent
    schedule(node)
    if (silent) return
    if (node.announced) void reports.send(node)
    else void begin(node)
    void read(node)
  }

  const living = createLiving({
    instant,
    after,
    onChange: changed,
    reread: (node) => void read(node),
    silence: (node, forMs) => {
      setSilent(node, true)
      if (forMs !== undefined) after(forMs, () => setSilent(node, false))
    },
  })

  const take = (node: SimulatedNode, data: Uint8Array, asOfMs: number): void => {
    let document: DesiredDocument
    try {
      document = JSON.parse(decoder.decode(data)) as DesiredDocument
      if (document.s !== 1 || !Array.isArray(document.executions)) return
    } catch {
      return logger.error('a simulated agent got a document that it cannot read', { node: node.id })
    }
    const held = node.generation
    const later = takeDocument(node, document, scripts, instant())
    // A raise of the epoch says that the log went backwards: everything is told again.
    if (later !== undefined && held[1] > 0 && node.generation[0] > held[0]) {
      node.announced = false
      void reports.send(node)
    }
    if (later === undefined && compareGenerations(document.generation, node.generation) !== 0) return
    node.readAtMs = later === undefined ? Math.max(asOfMs, node.readAtMs ?? -Infinity) : asOfMs
    for (const one of later ?? []) after(one.inMs, () => beginLater(node, one, instant()) && changed(node))
    living.activateReady(node)
    changed(node)
  }

  /** As real agents do: asked for over the live connection, until there is an answer. */
  const read = async (node: SimulatedNode): Promise<void> => {
    if (node.reading || node.silent || stopped) return
    const { boot } = node
    const askedMs = clock.monotonicMs()
    node.reading = true
    const answer = await ports.desired.get(node.id).then(
      (entry) => ({ entry }),
      () => undefined,
    )
    if (node.boot !== boot) return
    node.reading = false
    if (answer === undefined) return after(READ_AGAIN_MS, () => void read(node))
    if (answer.entry && !node.silent && !stopped) take(node, answer.entry.value, askedMs)
  }

  const { beat, schedule, stop: stopBeating } = startBeating({ bus, clock, tickMs, heartbeatMs, instant })

  for (let index = 0; index < count; index++) {
    const node = newNode({
      id: nodeId(index),
      boot: random.ulid(clock.nowMs()) as BootId,
      journal: random.ulid(clock.nowMs()) as JournalId,
      labels: options.labels?.(index) ?? {},
      expected: options.fresh ? 0 : undefined,
      phaseMs: (Math.round((((index % 997) / 997) * heartbeatMs) / tickMs) * tickMs) % heartbeatMs,
    })
    nodes.set(node.id, node)
  }

  const begin = async (node: SimulatedNode): Promise<void> => {
    await reports.send(node)
    if (stopped || !node.announced || node.silent) return
    beat(node)
    schedule(node)
  }

  /** For every node, some at a time: a fleet that comes back must not ask everything at once. */
  const forAll = async (each: (node: SimulatedNode) => Promise<void>): Promise<void> => {
    const queue = nodes.values()
    const worker = async (): Promise<void> => {
      for (const node of queue) {
        if (stopped) return
        await each(node)
      }
    }
    await Promise.all(Array.from({ length: Math.min(announceWindow, count) }, worker))
  }

  const announceAll = (): Promise<void> =>
    forAll(async (node) => {
      await begin(node)
      if (!options.fresh) await read(node)
    })

  const prefix = doorbellSubject('x').length - 1
  const live: Subscription[] = [
    bus.subscribe('doorbell.*', ({ subject, data }) => {
      const node = nodes.get(decodeToken(subject.slice(prefix)) as NodeId)
      if (node && !node.silent) take(node, data, clock.monotonicMs() - SLOWEST_DELIVERY_MS)
    }),
    answerSimulatedRpc(bus, nodes),
    // A doorbell that rang meanwhile was not heard.
    bus.onLive((isLive) => void (isLive && forAll(read))),
  ]

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
      if (node && !(silent && node.silent)) setSilent(node, silent)
    },
    behave: (id, behaviour) => {
      const node = nodes.get(id)
      if (!node) return
      node.override = behaviour
      const { nowMs } = instant()
      for (const one of node.executions.values()) {
        // What has passed was as it was.
        if (isValidating(one)) cutWindows(node, one, nowMs)
        countOn(node, one, nowMs, one.state === 'running')
      }
    },
    reboot: (id, reboot) => {
      const node = nodes.get(id)
      if (!node) return
      const nowMs = clock.nowMs()
      rebootNode(node, reboot, { boot: random.ulid(nowMs) as BootId, journal: random.ulid(nowMs) as JournalId })
      if (reboot.tasks !== undefined && reboot.tasks !== 'kept')
        for (const one of node.executions.values()) living.crash(node, one, 'process_lost')
      if (node.silent) return
      void begin(node)
      void read(node)
    },
    stop: (bye = false) => {
      stopped = true
      stopBeating()
      for (const subscription of live) subscription.stop()
      if (bye) for (const node of nodes.values()) if (!node.silent && node.announced) beat(node, true)
    },
  }
}
