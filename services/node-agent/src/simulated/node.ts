/** The state of one simulated agent, and the bytes it sends. No timers, no journal, no processes: the fleet drives it. */
import {
  HEARTBEAT_SCHEMA,
  type BootId,
  type DesiredExecution,
  type Generation,
  type Heartbeat,
  type HeartbeatExecution,
  type JournalId,
  type Labels,
  type NodeAnnounced,
  type NodeId,
  type ReportedState,
  type Transition,
} from '@dunlin/contracts/agent'
import { cut, shownEnds, stillValidating, type Cutting } from '@dunlin/domain/agent'
import type { Script } from './script.ts'

export interface SimulatedExecution {
  entry: DesiredExecution
  readonly script: Script
  state: ReportedState
  /** The log has acknowledged `starting`. */
  started: boolean
  /** Monotonic; counters are a function of the time since. */
  runningSinceMs: number
  /** Counters stop here. */
  endedMs: number | undefined
  cutting: Cutting
}

export interface SimulatedNode {
  readonly id: NodeId
  readonly boot: BootId
  readonly journal: JournalId
  readonly labels: Labels
  j: number
  v: number
  /** Sequence of the subject's last message; undefined until it was asked for. */
  expected: number | undefined
  generation: Generation
  /** Entries of the document that it holds. */
  wanted: ReadonlyMap<string, DesiredExecution>
  readonly executions: Map<string, SimulatedExecution>
  /** Told with the next commit. */
  outbox: Transition[]
  sending: boolean
  announced: boolean
  silent: boolean
  beats: number
  beatMs: number
  /** A window was cut that no heartbeat has shown. */
  cutSinceBeat: boolean
  /** Monotonic; before this no window ends and no beat of a validating node is due. */
  lookMs: number
}

const messagesOf = ({ script, runningSinceMs, endedMs }: SimulatedExecution, nowMs: number) => {
  const seconds = Math.max(0, (endedMs ?? nowMs) - runningSinceMs) / 1_000
  return {
    in: Math.floor(seconds * (script.inPerSecond ?? 10)),
    failed: Math.floor(seconds * (script.failedPerSecond ?? 0)),
  }
}

const isRunning = ({ state }: SimulatedExecution): boolean => state === 'running'

/** Cuts the windows that are due; true while more will come. */
export const cutWindows = (one: SimulatedExecution, nowMs: number): boolean => {
  if (!stillValidating(one.cutting)) return false
  const running = isRunning(one)
  const counters = running ? messagesOf(one, nowMs) : { in: 0, failed: 0 }
  one.cutting = cut(one.cutting, nowMs, { ...counters, running, disturbed: one.script.disturbed ?? '' })
  return stillValidating(one.cutting)
}

export const transitionOf = ({ entry }: SimulatedExecution, state: ReportedState, at: number): Transition => ({
  execution: entry.execution,
  job: entry.job,
  generation: entry.generation,
  content: entry.content,
  state,
  attempt: 1,
  at,
})

export const announcementOf = (node: SimulatedNode, drivers: readonly string[]): NodeAnnounced => ({
  type: 'NodeAnnounced',
  boot: node.boot,
  protocol: [1, 1],
  agentVersion: 'simulated',
  labels: node.labels,
  drivers: [...drivers],
  resources: { cpus: 1, memoryBytes: 1_000_000_000 },
  journal: node.journal,
  j: node.j,
  executions: [],
})

export const heartbeatOf = (node: SimulatedNode, nowMs: number, at: number, bye: boolean): Heartbeat => {
  const ex: HeartbeatExecution[] = []
  for (const one of node.executions.values()) {
    const { in: total, failed } = one.started ? messagesOf(one, nowMs) : { in: 0, failed: 0 }
    const w = shownEnds(one.cutting, nowMs)
    const row = { x: one.entry.execution, g: one.entry.generation, st: one.state, in: total, er: failed, rs: 0 }
    ex.push(w.length > 0 ? { ...row, w: [...w] } : row)
  }
  return {
    s: HEARTBEAT_SCHEMA,
    node: node.id,
    boot: node.boot,
    n: (node.beats += 1),
    at,
    gen: node.generation as Heartbeat['gen'],
    rep: node.expected ?? 0,
    ex,
    ...(bye ? { bye: true as const } : {}),
  }
}
