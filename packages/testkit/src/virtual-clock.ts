/** A clock that only moves when it is told to. Timers run in order of their instant, then of their arming. */
import type { Clock, Timer } from '@dunlin/runtime'

export interface VirtualClock extends Clock {
  /** Moves the wall clock alone, as a person or NTP does; monotonic time goes on as before. */
  jumpWall(byMs: number): void
  /**
   * Runs timers up to `untilMono`, letting everything that they cause settle between two of them. `stop` is asked after
   * each instant.
   */
  run(untilMono: number, stop?: () => boolean): Promise<void>
  /** How many timers are armed. */
  readonly armed: number
}

interface Armed extends Timer {
  readonly atMono: number
  readonly n: number
  readonly run: () => void
}

/** All microtasks are over when the next turn of the event loop begins; nothing simulated does real I/O. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

export const createVirtualClock = (startMs: number): VirtualClock => {
  let mono = 0
  let wallOffset = startMs
  let armings = 0
  // A binary heap by (instant, arming): thousands of agents arm and cancel all the time.
  const heap: Armed[] = []
  const cancelled = new WeakSet<Armed>()
  const before = (a: Armed, b: Armed): boolean => a.atMono < b.atMono || (a.atMono === b.atMono && a.n < b.n)

  const push = (item: Armed): void => {
    let at = heap.push(item) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      if (!before(item, heap[up] as Armed)) break
      heap[at] = heap[up] as Armed
      at = up
    }
    heap[at] = item
  }
  const pop = (): Armed | undefined => {
    const top = heap[0]
    const last = heap.pop()
    if (top === undefined || last === undefined || heap.length === 0) return top
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Armed, heap[child] as Armed)) child += 1
      if (!before(heap[child] as Armed, last)) break
      heap[at] = heap[child] as Armed
      at = child
    }
    heap[at] = last
    return top
  }

  return {
    nowMs: () => Math.floor(wallOffset + mono),
    monotonicMs: () => mono,
    after: (delayMs, run) => {
      const item: Armed = {
        atMono: mono + Math.max(0, delayMs),
        n: (armings += 1),
        run,
        cancel: () => void cancelled.add(item),
      }
      push(item)
      return item
    },
    jumpWall: (byMs) => {
      wallOffset += byMs
    },
    run: async (untilMono, stop) => {
      await settle()
      for (;;) {
        while (heap[0] !== undefined && cancelled.has(heap[0])) pop()
        const next = heap[0]
        if (next === undefined || next.atMono > untilMono) break
        pop()
        mono = Math.max(mono, next.atMono)
        next.run()
        await settle()
        if (stop?.() === true) return
      }
      mono = Math.max(mono, untilMono)
    },
    get armed() {
      return heap.length
    },
  }
}
