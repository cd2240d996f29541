/** What compaction needs, and what it tells. */
import type { StoreClock } from '../clock.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Log } from '../log.ts'

/** The steps in their order; each may be the last one before a crash, and all may be done again. */
export type CompactStep = 'history_stored' | 'history_noted' | 'state_stored' | 'checkpointed' | 'purged'

export interface CompactOptions<K extends Kinds> {
  readonly log: Pick<Log, 'append' | 'last' | 'read' | 'at' | 'purge'>
  readonly archive: ObjectStore
  /** Caught up, and followed: it must hold what is to be compacted. */
  readonly fold: Fold<K>
  readonly sha256: (data: string | Uint8Array) => string
  readonly clock: Pick<StoreClock, 'nowMs'>
  /** `evt.log`: where `HistoryArchived` is noted. It is never compacted itself. */
  readonly logSubject: string
  /** Told after each step. What it throws stops the compaction there. */
  readonly onStep?: (step: CompactStep, subject: string) => void | Promise<void>
}

export interface CompactTarget {
  readonly kind: string
  readonly key: string
  readonly subject: string
  /** Reports of a node that is gone, too many to be kept: purged without an archive. */
  readonly drops?: boolean
}

/** Why a subject was left alone. */
export type SkipReason =
  /** Somebody wrote meanwhile; try again later. */
  | 'busy'
  /** Its history is missing or newer than this release: only a person, or another release, may touch it. */
  | 'not_healthy'
  | 'nothing_to_do'
  | 'unknown'

export type CompactResult =
  | {
      readonly subject: string
      readonly done: true
      readonly purged: number
      /** Messages below this sequence were archived and purged. */
      readonly belowSeq: number
      /** The archived history; undefined when an earlier run had stored it. */
      readonly object?: string
    }
  | { readonly subject: string; readonly done: false; readonly skipped: SkipReason }
