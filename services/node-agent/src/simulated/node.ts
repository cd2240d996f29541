/** The state of one simulated agent, and the bytes it sends. No timers, no journal, no processes: the fleet drives it. */
import {
  NO_GENERATION,
  type BootId,
  type DesiredExecution,
  type Generation,
  type JournalId,
  type Labels,
  type NodeAnnounced,
  type NodeId,
  type ReportedState,
  type Transition,
} from '@dunlin/contracts/agent'
import { startCutting, type Cutting, type Disturbance } from '@dunlin/domain/agent'
import { heartbeatSubject } from '@dunlin/nats/agent'
import { fitAnnouncement } from '../report/announcement.ts'
import type { Behaviour, Script } from './script.ts'

export interface SimulatedExecution {
  entry: DesiredExecution
  readonly script: Script
  state: ReportedState
  latest: Transition | undefined
  /** The log has acknowledged `starting`. */
  acknowledged: boolean
  /** It was activated: what it replaces was stopped. */
  started: boolean
  /** 0 before the first. */
  attempt: number
  /** What the log was last told, and when it was last told `degraded` (monotonic). */
  toldState: ReportedState
  toldDegradedMs: number
  untold: number
  /** Counters up to `countsSinceMs`; from then on they rise by `rates` per second. Undefined while nothing runs. */
  counted: { readonly in: number; readonly failed: number }
  countsSinceMs: number | undefined
  rates: { readonly in: number; readonly failed: number }
  disturbed: Disturbance
  /** How many stages of the script have begun. */
  stage: number
  cutting: Cutting
  /** What its part of a heartbeat begins with, and the entry from which that was made. */
  head: string
  headOf: DesiredExecution | undefined
}

/** A commit whose outcome is not known yet. */
export interface PendingReport {
  readonly data: Uint8Array
  readonly types: readonly string[]
  readonly announces: boolean
  /** Executions whose latest transition it tells. */
  readonly tells: readonly string[]
}

export interface SimulatedNode {
  readonly id: NodeId
  readonly heartbeatSubject: string
  boot: BootId
  journal: JournalId
  labels: Labels
  j: number
  v: number
  /** Sequence of the subject's last message; undefined until it was asked for. */
  expected: number | undefined
  generation: Generation
  /** When the document that it holds was known to be the newest, monotonic; undefined before it was read in this boot. */
  readAtMs: number | undefined
  reading: boolean
  /** Entries of the document that it holds. */
  wanted: ReadonlyMap<string, DesiredExecution>
  readonly executions: Map<string, SimulatedExecution>
  /** Told with the next commit. */
  outbox: { readonly j: number; readonly transition: Transition }[]
  pending: PendingReport | undefined
  sending: boolean
  announced: boolean
  silent: boolean
  /** What a test makes of everything that runs here, whatever the scripts say. */
  override: Behaviour | undefined
  /** What all of its heartbeats of this boot begin with. */
  head: string | undefined
  beats: number
  beatMs: number
  /** When the first window was cut that no heartbeat has shown. */
  cutMs: number | undefined
  /** Its place in the round of regular heartbeats, ms. */
  readonly phaseMs: number
  /** The turn of the wheel at which it is looked at; Infinity when at none. */
  turn: number
}

export const NOTHING_WANTED: ReadonlyMap<string, DesiredExecution> = new Map()

export const newNode = (
  own: Pick<SimulatedNode, 'id' | 'boot' | 'journal' | 'labels' | 'expected' | 'phaseMs'>,
): SimulatedNode => ({
  ...own,
  heartbeatSubject: heartbeatSubject(own.id),
  j: 0,
  v: 0,
  generation: NO_GENERATION,
  readAtMs: undefined,
  reading: false,
  wanted: NOTHING_WANTED,
  executions: new Map(),
  outbox: [],
  pending: undefined,
  sending: false,
  announced: false,
  silent: false,
  override: undefined,
  head: undefined,
  beats: 0,
  beatMs: -Infinity,
  cutMs: undefined,
  turn: Infinity,
})

export const newExecution = (entry: DesiredExecution, script: Script, nowMs: number): SimulatedExecution => ({
  entry,
  script,
  state: 'starting',
  latest: undefined,
  acknowledged: false,
  started: false,
  attempt: 0,
  toldState: 'starting',
  toldDegradedMs: -Infinity,
  untold: 0,
  counted: { in: 0, failed: 0 },
  countsSinceMs: undefined,
  rates: { in: 0, failed: 0 },
  disturbed: '',
  stage: script.stages?.[0]?.fromWindow === 1 ? 1 : 0,
  cutting: startCutting(entry.health, nowMs),
  head: '',
  headOf: undefined,
})

export const isOver = (state: ReportedState): boolean =>
  state === 'stopped' || state === 'completed' || state === 'failed'

export const transitionOf = ({ entry, attempt }: SimulatedExecution, state: ReportedState, at: number): Transition => ({
  execution: entry.execution,
  job: entry.job,
  generation: entry.generation,
  content: entry.content,
  state,
  attempt,
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
  executions: fitAnnouncement([...node.executions.values()].flatMap(({ latest }) => (latest ? [latest] : []))),
})
