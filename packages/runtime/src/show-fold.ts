/** Tells readiness and metrics how far a part has folded the log, as long as the timer runs. */
import { every, type Clock, type Timer } from './clock.ts'
import type { Metrics } from './metrics.ts'
import type { Readiness } from './readiness.ts'

export interface FoldingPart {
  status(): {
    readonly caughtUp: boolean
    readonly live: boolean
    readonly seq: number
    /** Aggregates that this process must not decide about. */
    readonly troubled: number
    /** Heartbeats that changed nothing because they were not what they claimed. */
    readonly heartbeatsRefused?: number
    /** Reports that changed nothing, by kind. */
    readonly strangers?: Readonly<Record<string, number>>
    /** What nodes sent beyond what one may, by kind. */
    readonly excess?: Readonly<Record<string, number>>
  }
}

const LOOK_EVERY_MS = 500

/** Not ready until the part was looked at once and had caught up. */
export const showFold = (
  part: FoldingPart,
  { clock, metrics, readiness }: { readonly clock: Clock; readonly metrics: Metrics; readonly readiness: Readiness },
): Timer => {
  readiness.blocked('log', 'catching_up')
  return every(clock, LOOK_EVERY_MS, () => {
    const { caughtUp, live, seq, troubled, heartbeatsRefused, strangers = {}, excess = {} } = part.status()
    metrics.set('dunlin_log_seq', {}, seq)
    metrics.set('dunlin_aggregates_quarantined', {}, troubled)
    if (heartbeatsRefused !== undefined) metrics.set('dunlin_heartbeats_refused_total', {}, heartbeatsRefused)
    for (const [kind, count] of Object.entries(strangers))
      metrics.set('dunlin_reports_without_effect_total', { kind }, count)
    for (const [kind, count] of Object.entries(excess)) metrics.set('dunlin_node_excess_total', { kind }, count)
    if (!live) readiness.blocked('log', 'disconnected')
    else if (!caughtUp) readiness.blocked('log', 'catching_up')
    else readiness.ready('log')
  })
}
