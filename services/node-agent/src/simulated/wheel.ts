/**
 * Looks at nodes when something is due for them, and at no others: a ring of turns, one timer for the next turn that has
 * anybody. Nothing is allocated once the ring has been round.
 */
import type { Clock, Timer } from '@dunlin/runtime/agent'
import type { SimulatedNode } from './node.ts'

export interface Wheel {
  /** Looks at the node at this monotonic instant, or within a tick after it; an earlier look that is due stays. */
  at(node: SimulatedNode, atMs: number): void
  stop(): void
}

export const createWheel = (
  clock: Clock,
  tickMs: number,
  /** No look is asked for later than this; later ones come now and then for nothing. */
  horizonMs: number,
  look: (node: SimulatedNode, nowMs: number) => void,
): Wheel => {
  const ring: SimulatedNode[][] = Array.from({ length: Math.ceil(horizonMs / tickMs) + 2 }, () => [])
  const slotOf = (turn: number): SimulatedNode[] => ring[turn % ring.length] as SimulatedNode[]
  let turn = Math.floor(clock.monotonicMs() / tickMs)
  let armedFor = Infinity
  let timer: Timer | undefined
  let turning = false
  let stopped = false

  const arm = (next: number): void => {
    if (next >= armedFor || stopped || turning) return
    timer?.cancel()
    armedFor = next
    timer = clock.after(Math.max(0, next * tickMs - clock.monotonicMs()), run)
  }

  const run = (): void => {
    armedFor = Infinity
    turning = true
    const nowMs = clock.monotonicMs()
    const now = Math.floor(nowMs / tickMs + 1e-9)
    for (; turn <= now; turn++) {
      const slot = slotOf(turn)
      // Whoever is due again in this very turn is put at the end of it.
      for (let i = 0; i < slot.length; i++) {
        const node = slot[i] as SimulatedNode
        if (node.turn !== turn || stopped) continue
        node.turn = Infinity
        look(node, nowMs)
      }
      slot.length = 0
    }
    turning = false
    for (let next = turn; next < turn + ring.length; next++) if (slotOf(next).length > 0) return arm(next)
  }

  return {
    at: (node, atMs) => {
      const wanted = Math.max(turn, Math.ceil(atMs / tickMs - 1e-9))
      const due = Math.min(wanted, turn + ring.length - 1)
      if (node.turn <= due) return
      node.turn = due
      slotOf(due).push(node)
      arm(due)
    },
    stop: () => {
      stopped = true
      timer?.cancel()
    },
  }
}
