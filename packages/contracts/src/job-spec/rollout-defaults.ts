/** What a rollout does when the spec does not say (design: rollouts). Durations in ms, rates 0..1, shares in percent. */
export const MIN_INTERVAL_MS = 200
export const MAX_INTERVAL_MS = 3_600_000

export const HEALTH_DEFAULTS = {
  intervalMs: 10_000,
  maxErrorRate: 0.1,
  successThreshold: 2,
  failureThreshold: 3,
} as const

export const ROLLOUT_DEFAULTS = {
  strategy: 'rolling',
  maxParallelPercent: 10,
  canaryCount: 1,
  maxFailedNodesPercent: 9,
  /** Halts on strong evidence that more than 5 percent of the nodes fail: 20 to 1 against it. */
  analysis: { p0: 0.05, haltAt: 20 },
  expiryMs: 24 * 3_600_000,
} as const

/** An unset deadline leaves room for three times the longer run of windows, and never less than 5 minutes. */
export const defaultDeadlineMs = (intervalMs: number, successThreshold: number, failureThreshold: number): number =>
  Math.max(300_000, 3 * intervalMs * Math.max(successThreshold, failureThreshold))
