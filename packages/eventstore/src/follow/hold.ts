/**
 * Folds batches in order, and holds them back while the states of checkpoints are fetched: folding is synchronous, the
 * archive is not. What piles up meanwhile is bounded: beyond that the follower is told to stop and to begin again.
 */
import { pause, type StoreClock } from '../clock.ts'
import type { CheckpointName } from '../fold/checkpoint.ts'
import { fetchState } from '../fold/fetch-state.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Recorded } from '../log.ts'

/** States fetched at once; each may be a megabyte. */
const FETCH_TOGETHER = 32
const RETRY_MS = 500

export interface Holding {
  /** Folds, or holds back behind what is held already. */
  batch(batch: readonly Recorded[]): void
  readonly isHolding: boolean
  /** Forgets what is held; nothing of it is folded any more. */
  drop(): void
}

export interface HoldOptions<K extends Kinds> {
  readonly fold: Fold<K>
  readonly archive: Pick<ObjectStore, 'get'>
  readonly sha256: (data: string | Uint8Array) => string
  readonly clock: StoreClock
  /** Messages held back at most. */
  readonly atMost: number
  /** Something was folded. */
  readonly onFolded: () => void
  /** Nothing is held any more. */
  readonly onReleased: () => void
  /** Too much is held: it was dropped, and must be read again once this batch is folded. */
  readonly onOverflow: () => void
  readonly onFailed: (error: unknown) => void
}

export const createHolding = <K extends Kinds>(options: HoldOptions<K>): Holding => {
  const { fold, archive, sha256, clock } = options
  let held: (readonly Recorded[])[] = []
  let heldCount = 0
  let holding = false
  /** Rises with `drop`; what belongs to an earlier one is dead. */
  let round = 0

  const missingIn = (batch: readonly Recorded[], from: number): CheckpointName[] => {
    const found: CheckpointName[] = []
    for (let i = from; i < batch.length && found.length < FETCH_TOGETHER; i++) {
      const missing = fold.missingCheckpoint(batch[i] as Recorded)
      if (missing !== undefined) found.push(missing)
    }
    return found
  }

  /** Asks until the archive answers: without the state this fold must not go on. */
  const fetchStubbornly = async (name: CheckpointName, isWanted: () => boolean): Promise<void> => {
    while (isWanted()) {
      try {
        const state = await fetchState(archive, name, sha256)
        if (isWanted()) fold.provide(name.object, state)
        return
      } catch {
        await pause(clock, RETRY_MS)
      }
    }
  }

  /** Folds from `from` on; undefined = all of it, otherwise the index at which states are missing. */
  const foldOrStop = (batch: readonly Recorded[], from: number): number | undefined => {
    const stopped = fold.applyBatch(batch, from)
    options.onFolded()
    return stopped < batch.length ? stopped : undefined
  }

  const holdAt = async (first: readonly Recorded[], at: number): Promise<void> => {
    const mine = round
    const isMine = (): boolean => round === mine
    let batch: readonly Recorded[] | undefined = first
    let from = at
    while (batch !== undefined) {
      const current: readonly Recorded[] = batch
      await Promise.all(missingIn(current, from).map((name) => fetchStubbornly(name, isMine)))
      if (!isMine()) return
      let stopped = foldOrStop(current, from)
      batch = current
      while (stopped === undefined) {
        batch = held.shift()
        if (batch === undefined) break
        heldCount -= batch.length
        stopped = foldOrStop(batch, 0)
      }
      from = stopped ?? 0
    }
    holding = false
    options.onReleased()
  }

  return {
    batch(batch) {
      if (holding) {
        held.push(batch)
        heldCount += batch.length
        if (heldCount <= options.atMost) return
        held = []
        heldCount = 0
        return options.onOverflow()
      }
      const stopped = foldOrStop(batch, 0)
      if (stopped === undefined) return
      holding = true
      holdAt(batch, stopped).catch(options.onFailed)
    },
    get isHolding() {
      return holding
    },
    drop() {
      round++
      held = []
      heldCount = 0
      holding = false
    },
  }
}
