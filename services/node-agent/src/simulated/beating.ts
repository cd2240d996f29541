/** Cuts the windows of simulated nodes and sends their heartbeats, in the pace of real agents. */
import { nextEndMs } from '@dunlin/domain/agent'
import type { Bus } from '@dunlin/eventstore/agent'
import type { Clock } from '@dunlin/runtime/agent'
import { nextBeatMs } from '../heartbeat/pace.ts'
import { cutWindows, isValidating } from './acting.ts'
import { heartbeatText } from './beat.ts'
import type { Instant } from './converging.ts'
import type { SimulatedNode } from './node.ts'
import { createWheel } from './wheel.ts'

export interface Beating {
  readonly beat: (node: SimulatedNode, bye?: boolean) => void
  /** Something of the node changed: looks at it when the next thing is due. */
  readonly schedule: (node: SimulatedNode) => void
  readonly stop: () => void
}

export interface BeatingDeps {
  readonly bus: Pick<Bus, 'publish'>
  readonly clock: Clock
  readonly tickMs: number
  readonly heartbeatMs: number
  readonly instant: () => Instant
}

export const startBeating = ({ bus, clock, tickMs, heartbeatMs, instant }: BeatingDeps): Beating => {
  const beat = (node: SimulatedNode, bye = false): void => {
    const { at, nowMs } = instant()
    node.beatMs = nowMs
    node.cutMs = undefined
    // From Buffer's pool: an ArrayBuffer for each heartbeat costs more than its text.
    bus.publish(node.heartbeatSubject, Buffer.from(heartbeatText(node, nowMs, at, bye)))
  }

  /** When it is to be looked at next: a window ends, or a beat is due. */
  const nextLookMs = (node: SimulatedNode): number => {
    let endMs: number | undefined
    let everyMs = Infinity
    for (const one of node.executions.values()) {
      const next = nextEndMs(one.cutting)
      if (next === undefined) continue
      endMs = Math.min(endMs ?? next, next)
      everyMs = Math.min(everyMs, one.cutting.health.intervalMs)
    }
    if (node.silent || !node.announced) return endMs ?? Infinity
    if (node.beats === 0) return clock.monotonicMs()
    // Idle nodes keep their place in the round, so that a fleet that was started at once does not beat at once.
    const roundMs = node.beatMs + heartbeatMs / 2
    const idleMs = Math.ceil((roundMs - node.phaseMs) / heartbeatMs) * heartbeatMs + node.phaseMs - node.beatMs
    const pace = { sentMs: node.beatMs, everyMs: Math.min(everyMs, idleMs), cutMs: node.cutMs, nextEndMs: endMs }
    return Math.min(nextBeatMs(pace), endMs ?? Infinity)
  }

  const look = (node: SimulatedNode, nowMs: number): void => {
    for (const one of node.executions.values())
      if (isValidating(one) && cutWindows(node, one, nowMs)) node.cutMs ??= nowMs
    if (nextLookMs(node) <= nowMs) beat(node)
    const nextMs = nextLookMs(node)
    if (nextMs !== Infinity) wheel.at(node, Math.max(nextMs, nowMs + 1))
  }

  const wheel = createWheel(clock, tickMs, heartbeatMs * 2, look)
  return {
    beat,
    schedule: (node) => {
      const atMs = nextLookMs(node)
      if (atMs !== Infinity) wheel.at(node, atMs)
    },
    stop: () => wheel.stop(),
  }
}
