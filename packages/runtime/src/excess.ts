/**
 * Tells of nodes that send more than a node may: counted by kind for metrics, and once a minute a line for each of the
 * worst. What is told is bounded too: a fleet that has turned bad must not fill the logs of the centre.
 */
import { every, type Clock, type Timer } from './clock.ts'
import type { Logger } from './logger.ts'

/** `heartbeats`: too many, too large or unreadable; `connections`: it comes and goes; `announcements`; `reports`. */
export type ExcessKind = 'heartbeats' | 'connections' | 'announcements' | 'reports'

export interface Excess {
  note(kind: ExcessKind, node: string): void
  counts(): Readonly<Record<ExcessKind, number>>
  stop(): void
}

const TELL_EVERY_MS = 60_000
const MOST_TOLD = 20
/** Kinds and nodes kept within a minute. */
const MOST_KEPT = 1_000

export const watchExcess = (clock: Clock, logger: Logger): Excess => {
  const counts: Record<ExcessKind, number> = { heartbeats: 0, connections: 0, announcements: 0, reports: 0 }
  const now = new Map<string, { readonly kind: ExcessKind; readonly node: string; times: number }>()
  let telling: Timer | undefined

  const tell = (): void => {
    const worst = [...now.values()].sort((a, b) => b.times - a.times)
    for (const { kind, node, times } of worst.slice(0, MOST_TOLD))
      logger.warn('a node sends more than a node may; what is too much changes nothing', { node, kind, times })
    if (worst.length > MOST_TOLD)
      logger.warn('more nodes send more than a node may', { others: worst.length - MOST_TOLD })
    if (now.size === 0) {
      telling?.cancel()
      telling = undefined
    }
    now.clear()
  }

  return {
    note: (kind, node) => {
      counts[kind] += 1
      const key = `${kind} ${node}`
      const known = now.get(key)
      if (known !== undefined) known.times += 1
      else if (now.size < MOST_KEPT) now.set(key, { kind, node, times: 1 })
      telling ??= every(clock, TELL_EVERY_MS, tell)
    },
    counts: () => ({ ...counts }),
    stop: () => telling?.cancel(),
  }
}
