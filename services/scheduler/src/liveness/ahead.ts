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

/** One node that lies must not have all documents written again every second. */
const PAUSE_MS = 60_000

/** Asks for a node that is ahead of the log; at most one answer a minute. */
export const createAheadWatch = (parts: AheadParts): (() => Promise<NodeId | undefined>) => {
  const { log, clock, listener, isKnown, folded, waitFor } = parts
  let quietUntilMs = -Infinity

  const suspect = (): readonly [NodeId, Generation] | undefined => {
    const end = folded()
    for (const [node, { holds }] of listener.heard)
      if (compareGenerations(holds, end) > 0 && isKnown(node)) return [node, holds]
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
    quietUntilMs = clock.monotonicMs() + PAUSE_MS
    return node
  }
}
