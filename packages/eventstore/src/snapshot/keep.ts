/** Writes a snapshot from time to time, so that a restart replays only the tail. Failing costs nothing but that. */
import { DunlinError } from '@dunlin/contracts/agent'
import type { StoreClock } from '../clock.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import { writeSnapshot } from './write.ts'

export interface KeepSnapshotsOptions<K extends Kinds> {
  readonly store: ObjectStore
  readonly name: string
  readonly fold: Fold<K>
  readonly clock: StoreClock
  /** How many messages the log must have grown by; half as many as there are aggregates when that is more. */
  readonly everyMessages: number
  /** How often it is looked at. */
  readonly lookEveryMs: number
  /** Whether this instance writes now: one of several is enough. */
  readonly mayWrite: () => boolean
  /** What the service keeps besides its fold, as of now. */
  readonly extra: () => unknown
  readonly onWritten?: (seq: number) => void
  readonly onFailed?: (error: DunlinError) => void
}

export interface SnapshotKeeper {
  stop(): Promise<void>
}

export const keepSnapshots = <K extends Kinds>(options: KeepSnapshotsOptions<K>): SnapshotKeeper => {
  const { fold, clock } = options
  let writtenSeq = fold.position?.seq ?? 0
  let writing: Promise<void> | undefined
  let stopped = false
  let timer: { cancel(): void } | undefined

  const write = async (): Promise<void> => {
    const seq = fold.position?.seq ?? 0
    try {
      await writeSnapshot(options.store, options.name, fold, options.extra())
      writtenSeq = seq
      options.onWritten?.(seq)
    } catch (thrown) {
      const cause = thrown instanceof Error ? thrown : new Error(String(thrown))
      options.onFailed?.(thrown instanceof DunlinError ? thrown : new DunlinError('internal', cause.message, { cause }))
    }
  }
  /** A snapshot costs as much as it holds: written after a fixed number of messages, each would cost more in a larger fleet. */
  const due = (): number => {
    let aggregates = 0
    for (const kind of fold.inside.kinds) aggregates += fold.inside.cells(kind).size
    return Math.max(options.everyMessages, aggregates / 2)
  }
  const look = (): void => {
    const grown = (fold.position?.seq ?? 0) - writtenSeq
    // Below zero: the log went backwards, and its old snapshots are of no use.
    if (options.mayWrite() && (grown >= due() || grown < 0)) writing = write()
    void Promise.resolve(writing).then(() => {
      if (!stopped) timer = clock.after(options.lookEveryMs, look)
    })
  }
  timer = clock.after(options.lookEveryMs, look)
  return {
    stop: async () => {
      stopped = true
      timer?.cancel()
      await writing
    },
  }
}
