/**
 * Judges one validating execution by the windows that its node cut. Every judge sees the same windows, so it comes to
 * the same verdict at the same window, whichever instance it is and however often it restarted.
 */
import type { HealthWindow, RolloutPolicy, WindowEnd } from '@dunlin/contracts'
import { disturbances, WINDOWS_REPEATED } from '@dunlin/contracts'

export type HealthPolicy = RolloutPolicy['health']

export interface Judgement {
  readonly verdict: 'healthy' | 'failed'
  readonly reason: 'success_threshold' | 'failure_threshold' | 'deadline'
  readonly window: number
  readonly evidence: readonly HealthWindow[]
}

/** What the judge remembers of one execution between heartbeats. */
export interface WindowRun {
  /** End of the last window that was judged. */
  last: WindowEnd | undefined
  healthy: number
  unhealthy: number
  /** The latest judged windows, newest last. */
  readonly recent: HealthWindow[]
}

export const noWindows = (): WindowRun => ({ last: undefined, healthy: 0, unhealthy: 0, recent: [] })

/** No traffic is healthy; a disturbance is not, whatever the counters say. */
export const isHealthy = (window: HealthWindow, policy: HealthPolicy): boolean =>
  window.disturbed === undefined && window.failed <= window.in * policy.maxErrorRate

/**
 * Takes the window ends of one heartbeat (oldest first; those judged before are skipped) and changes `run`. A window
 * whose beginning is not known (an earlier end is missing) is unknown: it neither lengthens nor breaks a run.
 */
export const judgeWindows = (
  run: WindowRun,
  ends: readonly WindowEnd[],
  policy: HealthPolicy,
): Judgement | undefined => {
  for (const end of ends) {
    const [n, messagesIn, failed, letter] = end
    if (run.last !== undefined && n <= run.last[0]) continue
    const begin: WindowEnd | undefined = n === 1 ? [0, 0, 0, ''] : run.last?.[0] === n - 1 ? run.last : undefined
    run.last = end
    if (begin === undefined) continue
    const window: HealthWindow = {
      n,
      in: Math.max(0, messagesIn - begin[1]),
      failed: Math.max(0, failed - begin[2]),
      ...(letter === '' ? {} : { disturbed: disturbances[letter] }),
    }
    run.recent.push(window)
    if (run.recent.length > Math.max(policy.successThreshold, policy.failureThreshold, WINDOWS_REPEATED))
      run.recent.shift()
    if (isHealthy(window, policy)) {
      run.healthy += 1
      run.unhealthy = 0
    } else {
      run.unhealthy += 1
      run.healthy = 0
    }
    if (run.healthy >= policy.successThreshold)
      return judgement(run, 'healthy', 'success_threshold', policy.successThreshold)
    if (run.unhealthy >= policy.failureThreshold)
      return judgement(run, 'failed', 'failure_threshold', policy.failureThreshold)
  }
  return undefined
}

/** The deadline has passed while the node was heard: without enough good windows it has failed. */
export const judgeDeadline = (run: WindowRun): Judgement => judgement(run, 'failed', 'deadline', run.recent.length)

const judgement = (
  run: WindowRun,
  verdict: Judgement['verdict'],
  reason: Judgement['reason'],
  windows: number,
): Judgement => ({
  verdict,
  reason,
  window: run.last?.[0] ?? 0,
  evidence: windows === 0 ? [] : run.recent.slice(-windows),
})
