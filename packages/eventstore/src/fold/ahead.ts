/**
 * What was folded before the follower delivered it: the process's own acknowledged commits, and tails that were read. A
 * log that loses them while the follower lags behind looks whole to the follower; only a comparison with these tells.
 */
import { createHash } from 'node:crypto'
import type { Recorded } from '../log.ts'

/** One such message as a snapshot keeps it: a snapshot may hold states that are ahead of its position. */
export type AheadEntry = readonly [seq: number, subject: string, sha256: string]

interface Kept {
  readonly subject: string
  /** Bytes, or their digest when they come from a snapshot. */
  readonly body: Uint8Array | string
}

const digestOf = (data: Uint8Array): string => createHash('sha256').update(data).digest('hex')

const isSame = (body: Kept['body'], data: Uint8Array): boolean =>
  typeof body === 'string' ? body === digestOf(data) : Buffer.compare(body, data) === 0

export const createAhead = (entries: readonly AheadEntry[] = []) => {
  const bySeq = new Map<number, Kept>(entries.map(([seq, subject, sha256]) => [seq, { subject, body: sha256 }]))
  return {
    note: (seq: number, subject: string, data: Uint8Array): void => void bySeq.set(seq, { subject, body: data }),
    /** Why these messages cannot come from the log that was folded; undefined when they may. */
    contradiction(batch: readonly Recorded[]): string | undefined {
      if (bySeq.size === 0) return undefined
      for (const { seq, subject, data } of batch) {
        const kept = bySeq.get(seq)
        if (kept !== undefined && (kept.subject !== subject || !isSame(kept.body, data)))
          return `another message than the acknowledged one of ${kept.subject} stands at ${seq}`
      }
      return undefined
    },
    /** The follower is there: up to `seq` it has compared, or passed what was purged. */
    passed(seq: number): void {
      for (const noted of bySeq.keys()) {
        // They come in the order of the log, nearly; what is left behind here goes with the next one.
        if (noted > seq) return
        bySeq.delete(noted)
      }
    },
    /** Sequence that the log must reach; 0 when nothing is ahead. */
    last(): number {
      let last = 0
      for (const seq of bySeq.keys()) last = Math.max(last, seq)
      return last
    },
    entries: (): readonly AheadEntry[] =>
      [...bySeq].map(([seq, { subject, body }]) => [seq, subject, typeof body === 'string' ? body : digestOf(body)]),
    clear: (): void => bySeq.clear(),
  }
}
