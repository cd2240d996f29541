/**
 * A node that obeys a document from beyond the end of the log proves that the log was replaced by an older one, even
 * when nobody followed it at that moment. Without an epoch of its own such a log would be obeyed by no node until it had
 * grown past what was lost.
 */
import { compareGenerations, type Generation, type NodeId } from '@dunlin/contracts'
import type { Log } from '@dunlin/eventstore'
import type { Clock } from '@dunlin/runtime'
import type { Listener } from './listen.ts'

export interface AheadParts {
  readonly log: Pick<Log, 'info'>
  readonly clock: Pick<Clock, 'monotonicMs'>
  readonly listener: Pick<Listener, 'heard'>
  /** Only nodes of the log are believed. */
  readonly isKnown: (node: NodeId) => boolean
  /** Epoch and end of what is folded here. */
  readonly folded: () => Generation
  /** Resolves when everything up to there is folded. */
  readonly waitFor: (seq: number) => Promise<void>
}

/**
 * One node that lies must not have all documents written again every second; and one that is ahead again and again waits
 * twice as long each time, because what is written for it is believed by all others at once.
 */
const PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 64 * PAUSE_MS

/** Asks for a node that is ahead of the log; at most one answer a minute, and fewer of the same node. */
export const createAheadWatch = (parts: AheadParts): (() => Promise<NodeId | undefined>) => {
  const { log, clock, listener, isKnown, folded, waitFor } = parts
  let quietUntilMs = -Infinity
  const told = new Map<NodeId, { readonly untilMs: number; readonly pauseMs: number }>()

  const suspect = (): readonly [NodeId, Generation] | undefined => {
    const end = folded()
    for (const [node, { holds }] of listener.heard)
      if (
        compareGenerations(holds, end) > 0 &&
        isKnown(node) &&
        clock.monotonicMs() >= (told.get(node)?.untilMs ?? -Infinity)
      )
        return [node, holds]
    return undefined
  }

  return async () => {
    if (clock.monotonicMs() < quietUntilMs) return undefined
    const found = suspect()
    if (found === undefined) return undefined
    // This fold may only be late: the log itself is asked, after the heartbeat that speaks against it.
    const { lastSeq } = await log.info()
    await waitFor(lastSeq)
    const [node, holds] = found
    if (compareGenerations(holds, [folded()[0], lastSeq]) <= 0) return undefined
    const now = clock.monotonicMs()
    quietUntilMs = now + PAUSE_MS
    const pauseMs = Math.min(LONGEST_PAUSE_MS, 2 * (told.get(node)?.pauseMs ?? PAUSE_MS / 2))
    told.set(node, { untilMs: now + pauseMs, pauseMs })
    return node
  }
}
