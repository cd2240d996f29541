/**
 * The newest entries of the log in memory, so that a client that was away for a moment resumes without a read of the
 * log. Bounded in bytes. It holds everything above `floor`; what is older is read from the log.
 */
import type { StreamEntry } from './entry.ts'

export interface Ring {
  /** Every entry with a sequence above this is held. */
  floor(): number
  /** Sequence of the newest message that was seen, held or not. */
  head(): number
  /** Remembers an entry; one that is not above the head came before (a follower that began again). */
  push(entry: StreamEntry): void
  /** Entries above `seq`, in order; `seq` must not be below the floor. */
  after(seq: number): readonly StreamEntry[]
  /** Forgets all and stands at `seq`. */
  reset(seq: number): void
}

export const createRing = (maxBytes: number): Ring => {
  let entries: StreamEntry[] = []
  let start = 0
  let bytes = 0
  let floor = 0
  let head = 0
  /** The newest entry may go too: one commit can be larger than the ring. */
  const isOver = (): boolean => bytes > maxBytes && start < entries.length
  const dropOldest = (): void => {
    const oldest = entries[start] as StreamEntry
    bytes -= oldest.sizeBytes
    floor = oldest.seq
    start += 1
    // Amortised: half of the array is dead before it is copied.
    if (start > 1024 && start * 2 > entries.length) {
      entries = entries.slice(start)
      start = 0
    }
  }
  return {
    floor: () => floor,
    head: () => head,
    push: (entry) => {
      if (entry.seq <= head) return
      head = entry.seq
      entries.push(entry)
      bytes += entry.sizeBytes
      while (isOver()) dropOldest()
    },
    after: (seq) => {
      let low = start
      let high = entries.length
      while (low < high) {
        const middle = (low + high) >>> 1
        if ((entries[middle] as StreamEntry).seq <= seq) low = middle + 1
        else high = middle
      }
      return entries.slice(low)
    },
    reset: (seq) => {
      entries = []
      start = 0
      bytes = 0
      floor = seq
      head = seq
    },
  }
}
