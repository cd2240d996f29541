/**
 * How often something may happen for each key: so many at once, and one more in every `everyMs`. For what others cause, so
 * that one of them that has turned bad costs no more than many that have not.
 */
import type { Clock } from './clock.ts'

export interface Pace {
  /** Takes `cost` of what the key has left; false, and nothing taken, when it has less. */
  take(key: string, cost?: number): boolean
  forget(key: string): void
}

export interface PaceOptions {
  readonly burst: number
  readonly everyMs: number
}

/** Above this many, keys that have everything left are forgotten: they would begin with as much. */
const PRUNE_ABOVE = 1_024

export const createPace = (clock: Pick<Clock, 'monotonicMs'>, { burst, everyMs }: PaceOptions): Pace => {
  const byKey = new Map<string, { left: number; atMono: number }>()
  let pruneAbove = PRUNE_ABOVE

  const prune = (nowMono: number): void => {
    for (const [key, { left, atMono }] of byKey) if (left + (nowMono - atMono) / everyMs >= burst) byKey.delete(key)
    pruneAbove = Math.max(PRUNE_ABOVE, byKey.size * 2)
  }

  return {
    take: (key, cost = 1) => {
      const now = clock.monotonicMs()
      let entry = byKey.get(key)
      if (entry === undefined) {
        if (byKey.size >= pruneAbove) prune(now)
        byKey.set(key, (entry = { left: burst, atMono: now }))
      } else {
        entry.left = Math.min(burst, entry.left + (now - entry.atMono) / everyMs)
        entry.atMono = now
      }
      if (entry.left < cost) return false
      entry.left -= cost
      return true
    },
    forget: (key) => void byKey.delete(key),
  }
}
