/**
 * Liveness by three timers: heard within 45 s = connected, silent for 24 h = lost. A judge that was blind (its own
 * connection down, just started) condemns nobody before it has listened for as long as the timer says.
 */
import type { BootId, NodeEvent } from '@dunlin/contracts'
import type { NodeState } from './state.ts'

export interface LivenessTimers {
  readonly disconnectedAfterMs: number
  readonly lostAfterMs: number
}
export const DEFAULT_LIVENESS: LivenessTimers = { disconnectedAfterMs: 45_000, lostAfterMs: 24 * 60 * 60 * 1000 }

/** What the judge heard of one node. Monotonic instants of its own clock. */
export interface Heard {
  readonly boot: BootId
  readonly atMono: number
  /** Wall clock of the judge at that moment. */
  readonly atMs: number
  /** The agent said that it stops on purpose. */
  readonly bye: boolean
}

export interface Judge {
  readonly nowMono: number
  readonly nowMs: number
  /** Since when the judge hears without interruption; undefined while it is blind. */
  readonly listeningSinceMono: number | undefined
}

/** The events that a look at one admitted node gives; none when nothing changed. */
export const judgeLiveness = (
  node: NodeState,
  heard: Heard | undefined,
  judge: Judge,
  timers: LivenessTimers = DEFAULT_LIVENESS,
): readonly NodeEvent[] => {
  if (node.admission !== 'admitted') return []
  const { connection } = node
  const fresh = heard !== undefined && !heard.bye && judge.nowMono - heard.atMono < timers.disconnectedAfterMs
  if (fresh) {
    if (connection.is === 'connected' && connection.boot === heard.boot) return []
    return [{ type: connection.is === 'lost' ? 'NodeReturned' : 'NodeConnected', boot: heard.boot }]
  }
  if (connection.is === 'connected') {
    if (heard?.bye && heard.boot === connection.boot)
      return [{ type: 'NodeDisconnected', reason: 'left', lastHeardAt: heard.atMs }]
    if (!listenedFor(judge, timers.disconnectedAfterMs)) return []
    return [
      { type: 'NodeDisconnected', reason: 'silent', lastHeardAt: heard?.atMs ?? neverHeard(connection.since, judge) },
    ]
  }
  if (connection.is === 'disconnected') {
    const silentFor = judge.nowMs - connection.lastHeardAt
    if (silentFor < timers.lostAfterMs || !listenedFor(judge, timers.disconnectedAfterMs)) return []
    return [{ type: 'NodeLost', lastHeardAt: connection.lastHeardAt }]
  }
  return []
}

/** Until this judge began to listen another one may have heard it. */
const neverHeard = (since: number, { nowMs, nowMono, listeningSinceMono = nowMono }: Judge): number =>
  Math.max(since, Math.round(nowMs - (nowMono - listeningSinceMono)))

const listenedFor = (judge: Judge, ms: number): boolean =>
  judge.listeningSinceMono !== undefined && judge.nowMono - judge.listeningSinceMono >= ms
