/** Cuts the health windows of all executions when their ends pass, and keeps the counters they are cut from. */
import { cut, nextEndMs, stillValidating, type Disturbance } from '@dunlin/domain/agent'
import type { Execution } from '../converge/execution.ts'
import type { Runner } from '../converge/runner.ts'
import type { AgentPorts } from '../ports.ts'

export interface Cutter {
  /** Reads the counters of everything that runs and cuts what is due; true when a window was cut. */
  cutDue(): boolean
  /** When the next window ends, monotonic; undefined when nothing validates. */
  nextEndMs(): number | undefined
  /** The shortest interval of a validating execution. */
  shortestIntervalMs(): number | undefined
}

/** A file system write per window would wear out flash at 200 ms; windows lost in a crash are only unknown. */
const SAVE_EVERY_MS = 1_000
/** What is kept for a judge that was away while the agent restarted. */
const ENDS_SAVED = 64

/** Counters only rise: a status file that cannot be read for a moment must not take anything back. */
const readCounters = (one: Execution, ready: ReturnType<Runner['attempts']['task']>): Disturbance => {
  if (one.phase.is === 'backing_off') return 'r'
  const probed: Disturbance = one.fitness === 'unready' || one.fitness === 'liveness_failed' ? 'p' : ''
  const stats = ready?.driver.stats(ready.task)
  if (!stats) return probed
  const { local } = one
  if (stats.in > local.in || stats.failed > local.failed)
    one.local = { ...local, in: Math.max(local.in, stats.in), failed: Math.max(local.failed, stats.failed) }
  if (probed !== '') return probed
  if (!stats.inputConnected) return 'i'
  return stats.outputConnected ? '' : 'o'
}

export const createCutter = (runner: Runner, { clock, journal }: Pick<AgentPorts, 'clock' | 'journal'>): Cutter => {
  let savedMs = -Infinity

  const validating = (): Execution[] =>
    [...runner.executions.values()].filter(({ cutting }) => stillValidating(cutting))

  return {
    cutDue: () => {
      const nowMs = clock.monotonicMs()
      const changed: Execution[] = []
      for (const one of runner.executions.values()) {
        const ready = one.phase.is === 'running' ? runner.attempts.task(one) : undefined
        const disturbed = readCounters(one, ready)
        const { n, finishedMs } = one.cutting
        // Before startup has passed, and readiness has answered, nobody can say that it is healthy, or that it is not.
        const isTellable = one.fitness !== 'starting' && one.fitness !== 'unknown' && !ready?.driver.isProvenByItsEnd
        const running = one.phase.is === 'running' && isTellable
        const sample = { in: one.local.in, failed: one.local.failed, running, disturbed }
        one.cutting = cut(one.cutting, nowMs, sample)
        if (one.cutting.n === n && one.cutting.finishedMs === finishedMs) continue
        const { ends } = one.cutting
        one.local = { ...one.local, cutting: { ...one.cutting, ends: ends.slice(-ENDS_SAVED) } }
        changed.push(one)
      }
      if (changed.length > 0 && nowMs - savedMs >= SAVE_EVERY_MS) {
        savedMs = nowMs
        journal.save(changed)
      }
      return changed.length > 0
    },
    nextEndMs: () =>
      validating().reduce<number | undefined>((least, { cutting }) => {
        const endMs = nextEndMs(cutting)
        return endMs === undefined ? least : Math.min(least ?? endMs, endMs)
      }, undefined),
    shortestIntervalMs: () =>
      validating().reduce<number | undefined>(
        (least, { cutting }) => Math.min(least ?? Infinity, cutting.health.intervalMs),
        undefined,
      ),
  }
}
