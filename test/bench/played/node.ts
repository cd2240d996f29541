/** One node that the bench plays itself, and the bytes that it says: as an agent would, but without one. */
import {
  COMMIT_SCHEMA,
  HEARTBEAT_SCHEMA,
  nodeActor,
  WINDOWS_REPEATED,
  type BootId,
  type ExecutionId,
  type Heartbeat,
  type HeartbeatExecution,
  type JobKey,
  type JournalId,
  type Labels,
  type NodeId,
  type ReportedState,
  type ReportEvent,
  type Sha256,
  type WindowEnd,
} from '@dunlin/contracts'
import { heartbeatSubject, nodeSubject, reportSubject } from '@dunlin/nats'

export interface PlayedExecution {
  readonly id: ExecutionId
  readonly job: JobKey
  readonly rollout: string
  readonly wave: number
  readonly generation: readonly [number, number]
  readonly content: Sha256
  readonly intervalMs: number
  /** Windows that it cuts in all, as an agent stops a while after success. */
  readonly windows: number
  /** When its first window began. */
  sinceMs: number
  /** Every window fails. */
  failing: boolean
}

export interface PlayedNode {
  readonly index: number
  readonly id: NodeId
  readonly boot: BootId
  readonly journal: JournalId
  readonly labels: Labels
  readonly subjects: { readonly beat: string; readonly report: string; readonly node: string }
  /** The present one of each job, by the job's name. */
  readonly executions: Map<string, PlayedExecution>
  beats: number
  /** Version and sequence of the last report. */
  v: number
  seq: number
  /** Counter of the journal. */
  j: number
  generation: readonly [number, number]
}

const ulidOf = (kind: string, index: number): string => `01J0000000000000${kind}${String(index).padStart(9, '0')}`

export const playedNode = (index: number, labels: Labels): PlayedNode => {
  const id = `sim-${String(index).padStart(6, '0')}` as NodeId
  return {
    index,
    id,
    boot: ulidOf('B', index) as BootId,
    journal: ulidOf('J', index) as JournalId,
    labels,
    subjects: { beat: heartbeatSubject(id), report: reportSubject(id), node: nodeSubject(id) },
    executions: new Map(),
    beats: 0,
    v: 0,
    seq: 0,
    j: 0,
    generation: [0, 0],
  }
}

const bytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))

export const reportBytes = (node: PlayedNode, at: number, ev: readonly ReportEvent[]): Uint8Array => {
  node.v += 1
  return bytes({ s: COMMIT_SCHEMA, v: node.v, cmd: `${node.boot}/${node.v}`, by: nodeActor(node.id), at, ev })
}

export const announcement = (node: PlayedNode): ReportEvent => ({
  type: 'NodeAnnounced',
  boot: node.boot,
  protocol: [1, 1],
  agentVersion: 'bench',
  labels: node.labels,
  drivers: ['process'],
  resources: { cpus: 1, memoryBytes: 1_000_000_000 },
  journal: node.journal,
  j: node.j,
  executions: [],
})

export const transition = (node: PlayedNode, one: PlayedExecution, state: ReportedState, at: number): ReportEvent => ({
  type: 'ExecutionReported',
  journal: node.journal,
  j: (node.j += 1),
  execution: one.id,
  job: one.job,
  generation: [one.generation[0], one.generation[1]],
  content: one.content,
  state,
  attempt: 1,
  at,
})

const IN_PER_WINDOW = 100

const endsOf = ({ intervalMs, sinceMs, windows, failing }: PlayedExecution, nowMs: number): WindowEnd[] => {
  const last = Math.min(windows, Math.floor((nowMs - sinceMs) / intervalMs))
  const ends: WindowEnd[] = []
  for (let n = Math.max(1, last - WINDOWS_REPEATED + 1); n <= last; n += 1)
    ends.push([n, n * IN_PER_WINDOW, failing ? n * IN_PER_WINDOW : 0, ''])
  return ends
}

const row = (one: PlayedExecution, nowMs: number): HeartbeatExecution => {
  const inAll = Math.max(0, Math.floor((nowMs - one.sinceMs) / 10))
  const said: HeartbeatExecution = {
    x: one.id,
    g: [one.generation[0], one.generation[1]],
    st: 'running',
    in: inAll,
    er: one.failing ? inAll : 0,
    rs: 0,
  }
  // Ten minutes after the last window an agent shows none any more.
  const shown = nowMs - one.sinceMs <= one.windows * one.intervalMs + 600_000
  return shown ? { ...said, w: endsOf(one, nowMs) } : said
}

/**
 * The text of a heartbeat.
 * @param nowMs of the clock that `sinceMs` is of; `at` is the wall clock that the heartbeat tells
 */
export const beatOf = (node: PlayedNode, nowMs: number, at: number): string => {
  const beat: Heartbeat = {
    s: HEARTBEAT_SCHEMA,
    node: node.id,
    boot: node.boot,
    n: (node.beats += 1),
    at,
    gen: [node.generation[0], node.generation[1]],
    rep: node.seq,
    ex: Array.from(node.executions.values(), (one) => row(one, nowMs)),
  }
  return JSON.stringify(beat)
}
