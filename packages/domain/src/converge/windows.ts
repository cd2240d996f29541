/**
 * Cutting health windows. A node cuts them per execution on its monotonic clock, numbered from `starting`, and sends
 * the cumulative counters at each window's end; judges take the differences. A window whose end was not seen in time
 * has no end at all: unknown, never healthy and never sick.
 */
import { WINDOWS_REPEATED, type DesiredExecution, type WindowEnd } from '@dunlin/contracts/agent'

/** After the last window was cut its ends stay in heartbeats this long, for a judge that was away. */
const SHOWN_FOR_MS = 10 * 60_000
/** Windows cut after success, so that one lost judge or heartbeat costs nothing. */
const WINDOWS_AFTER_SUCCESS = 6
/** What is kept for `rpc.<node>.windows`: with the shortest interval (200 ms) the longest default deadline fits. */
const MOST_WINDOWS = 2_000

export type Disturbance = WindowEnd[3]

/** JSON in, JSON out: the journal keeps it, so that an agent that starts again goes on with the next number. */
export interface Cutting {
  readonly health: DesiredExecution['health']
  /** Instant of `starting`, monotonic ms. */
  readonly startedMs: number
  readonly ends: readonly WindowEnd[]
  /** Number of the last window whose end has passed; its end may be missing. */
  readonly n: number
  /** Healthy windows in a row, as this node sees them; judges decide for themselves. */
  readonly healthyRun: number
  /** The window at which success was seen. */
  readonly succeededAt?: number
  /** What disturbed the present window so far. */
  readonly latched: Disturbance
  /** When the last window was cut and no more will be. */
  readonly finishedMs?: number
}

/** What the execution shows when a window is cut. */
export interface Sample {
  readonly in: number
  readonly failed: number
  /** It has a running process. A window that ends before the first start has no end: it says nothing. */
  readonly running: boolean
  readonly disturbed: Disturbance
}

export const startCutting = (health: DesiredExecution['health'], startedMs: number): Cutting => ({
  health,
  startedMs,
  ends: [],
  n: 0,
  healthyRun: 0,
  latched: '',
})

/** Remembers a disturbance until the window in which it happened is cut; the first one of a window stays. */
export const disturb = (cutting: Cutting, by: Disturbance): Cutting =>
  cutting.latched === '' && by !== '' ? { ...cutting, latched: by } : cutting

/** Cuts every window whose end has passed. Only the latest of several gets an end: the counters before are unknown. */
export const cut = (cutting: Cutting, nowMs: number, sample: Sample): Cutting => {
  if (cutting.finishedMs !== undefined) return cutting
  const n = Math.floor((nowMs - cutting.startedMs) / cutting.health.intervalMs)
  if (n <= cutting.n) return disturb(cutting, sample.disturbed)
  const mark = cutting.latched === '' ? sample.disturbed : cutting.latched
  const next = sample.running || mark !== '' ? withEnd(cutting, n, sample, mark) : { ...cutting, n, healthyRun: 0 }
  return isOver(next, nowMs) ? { ...next, finishedMs: nowMs } : next
}

const withEnd = (cutting: Cutting, n: number, sample: Sample, mark: Disturbance): Cutting => {
  const end: WindowEnd = [n, sample.in, sample.failed, mark]
  const health = healthOf(cutting, end)
  const healthyRun = health === 'healthy' ? cutting.healthyRun + 1 : health === 'unknown' ? cutting.healthyRun : 0
  const reached = cutting.succeededAt === undefined && healthyRun >= cutting.health.successThreshold
  return {
    ...cutting,
    n,
    healthyRun,
    ...(reached ? { succeededAt: n } : {}),
    latched: '',
    ends: [...cutting.ends.slice(-(MOST_WINDOWS - 1)), end],
  }
}

/** The node's own view of a window, used only to know when cutting may end. */
const healthOf = (cutting: Cutting, [n, total, failed, mark]: WindowEnd): 'healthy' | 'unhealthy' | 'unknown' => {
  if (mark !== '') return 'unhealthy'
  const last = cutting.ends.at(-1)
  const before = n === 1 ? ([0, 0, 0, ''] as const) : last?.[0] === n - 1 ? last : undefined
  if (!before) return 'unknown'
  const failedInside = Math.max(0, failed - before[2])
  return failedInside <= Math.max(0, total - before[1]) * cutting.health.maxErrorRate ? 'healthy' : 'unhealthy'
}

const isOver = ({ health, startedMs, n, succeededAt }: Cutting, nowMs: number): boolean =>
  (succeededAt !== undefined && n >= succeededAt + WINDOWS_AFTER_SUCCESS) || nowMs - startedMs >= health.deadlineMs

/** Windows are still being cut: judges may be waiting for them. */
export const stillValidating = (cutting: Cutting): boolean => cutting.finishedMs === undefined

/** When the next window ends, monotonic ms; undefined when no more will be cut. */
export const nextEndMs = ({ finishedMs, startedMs, n, health }: Cutting): number | undefined =>
  finishedMs === undefined ? startedMs + (n + 1) * health.intervalMs : undefined

/** The window ends that a heartbeat carries now. */
export const shownEnds = (cutting: Cutting, nowMs: number): readonly WindowEnd[] =>
  cutting.finishedMs !== undefined && nowMs - cutting.finishedMs > SHOWN_FOR_MS
    ? []
    : cutting.ends.slice(-WINDOWS_REPEATED)

/** The execution is over: no more windows. */
export const finishCutting = (cutting: Cutting, nowMs: number): Cutting =>
  cutting.finishedMs === undefined ? { ...cutting, finishedMs: nowMs } : cutting
