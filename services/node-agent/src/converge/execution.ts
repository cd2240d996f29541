/** One execution as the agent holds it in memory; the journal holds what must survive. */
import type { Content, DesiredExecution, Transition } from '@dunlin/contracts/agent'
import {
  startCutting,
  type ContentProblem,
  type Cutting,
  type Fitness,
  type Observed,
  type Phase,
} from '@dunlin/domain/agent'
import type { Task } from '../drivers/driver.ts'
import type { LocalState } from '../journal/journal.ts'
import type { ProbeView } from '../probes/view.ts'

export interface Execution {
  entry: DesiredExecution
  phase: Phase
  local: LocalState
  latest: Transition
  /** Counter of `latest` when it was last told, for its acknowledgement. */
  j: number
  /** On the monotonic clock of this process; the journal's copy is on the wall clock. */
  cutting: Cutting
  content: Content | undefined
  /** What the present start is doing, for people who wait. */
  progress?: string
  /** What the probes of the running attempt say; absent without probes. */
  fitness?: Fitness
  probes?: ProbeView
  /** What was last found wrong with a running attempt. */
  failure?: ContentProblem
  /** Monotonic instant at which the present attempt started, for the back-off's reset. */
  attemptStartedMs: number
  /** When its last degraded state was told, monotonic: a restarting execution reports at most once a minute. */
  toldDegradedMs: number
  /** The state that the log has or will have once everything unsent has arrived. */
  toldState: Transition['state']
}

export const observedOf = ({ entry, phase }: Execution): Observed => ({ entry, phase })

export const newLocal = (nowMs: number): LocalState => ({
  attempt: 0,
  streak: 0,
  startingAt: nowMs,
  attemptAt: nowMs,
  in: 0,
  failed: 0,
  untold: 0,
})

export const newCutting = (entry: DesiredExecution, startedMs: number): Cutting => startCutting(entry.health, startedMs)

/** Asked for at every look: `join` goes over each character, and its loop would be most of what an idle agent does. */
export const taskDirOf = (dataDir: string, execution: string): string => `${dataDir}/tasks/${execution}`

export const taskOf = (one: Execution, content: Content, dataDir: string): Task => ({
  execution: one.entry.execution,
  job: one.entry.job,
  attempt: one.local.attempt,
  content,
  dir: taskDirOf(dataDir, one.entry.execution),
  stateDir: `${dataDir}/state/${one.entry.jobId}`,
})

/** How long error texts may be in the log; a chatty failure must not fill it. */
const MOST_ERROR_CHARS = 1_000

export const transitionOf = (
  { entry, local }: Pick<Execution, 'entry' | 'local'>,
  state: Transition['state'],
  at: number,
  more: Pick<Transition, 'exit' | 'error' | 'nextAttemptAt'> = {},
): Transition => ({
  execution: entry.execution,
  job: entry.job,
  generation: entry.generation,
  content: entry.content,
  state,
  attempt: local.attempt,
  at: Math.round(at),
  ...more,
  ...(more.error ? { error: { ...more.error, message: more.error.message.slice(0, MOST_ERROR_CHARS) } } : {}),
})
