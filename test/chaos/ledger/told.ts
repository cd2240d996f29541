/** What the log says of each execution, in the order in which it was told. */
import type { LogEntry, LogEventJson } from './log-reader.ts'

export interface Told {
  readonly seq: number
  readonly node: string
  readonly execution: string
  readonly job: string
  /** Digest of what it runs. */
  readonly content: string
  /** By the clock of the node. */
  readonly at: number
  readonly attempt: number
  readonly state: string
  /** Absent when this telling says nothing of an exit. */
  readonly exitCode?: number | null
  /** Code of what went wrong. */
  readonly error?: string
  /** When the next attempt is due, by the clock of the node. */
  readonly nextAttemptAt?: number
  /** Transitions that were never told and that this one stands for. */
  readonly replaces: number
  /** It stands in an announcement: a summary that repeats what was told and may pass over what was not. */
  readonly isSummary: boolean
  /** `<journal>/<counter>` of a report. */
  readonly counter?: string
}

const toldOf = (entry: LogEntry, event: LogEventJson, isSummary: boolean): Told => {
  const exit = event['exit'] as { readonly code: number | null } | undefined
  const error = event['error'] as { readonly code: string } | undefined
  const job = event['job'] as { readonly name: string }
  return {
    seq: entry.seq,
    node: entry.subject.slice('evt.report.'.length),
    execution: String(event['execution']),
    job: job.name,
    content: String(event['content']),
    at: Number(event['at']),
    attempt: Number(event['attempt']),
    state: String(event['state']),
    ...(error === undefined ? {} : { error: error.code }),
    ...(exit === undefined ? {} : { exitCode: exit.code }),
    ...(event['nextAttemptAt'] === undefined ? {} : { nextAttemptAt: Number(event['nextAttemptAt']) }),
    replaces: Number(event['replaces'] ?? 0),
    isSummary,
    ...(isSummary ? {} : { counter: `${String(event['journal'])}/${String(event['j'])}` }),
  }
}

export const readTold = (log: readonly LogEntry[]): readonly Told[] =>
  log
    .filter(({ subject }) => subject.startsWith('evt.report.'))
    .flatMap((entry) =>
      entry.events.flatMap((event) => {
        if (event.type === 'ExecutionReported') return [toldOf(entry, event, false)]
        if (event.type !== 'NodeAnnounced') return []
        return (event['executions'] as readonly LogEventJson[]).map((one) => toldOf(entry, one, true))
      }),
    )

export const byExecution = <T extends { readonly execution: string }>(all: readonly T[]): ReadonlyMap<string, T[]> => {
  const map = new Map<string, T[]>()
  for (const one of all) {
    const known = map.get(one.execution)
    if (known) known.push(one)
    else map.set(one.execution, [one])
  }
  return map
}

const endings: ReadonlySet<string> = new Set(['stopped', 'completed', 'failed'])
/** A start that is due needs a moment, on a busy machine more. */
const LATE_MS = 10_000
/** Whether an execution waits for its next attempt, as the log tells last: the back-off of one that was struck often takes minutes. */
export const isWaiting = (told: readonly Told[], execution: string, nowMs: number): boolean => {
  const last = told.findLast((one) => one.execution === execution)
  return last?.state === 'degraded' && last.nextAttemptAt !== undefined && nowMs < last.nextAttemptAt + LATE_MS
}

/** The last that is told of an execution. */
export const isEnd = ({ state }: Told): boolean => endings.has(state)
