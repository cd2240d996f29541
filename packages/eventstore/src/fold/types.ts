/** What a fold is to those who use it; `fold.ts` builds it. */
import type { Admission, Aggregate, Folded, Folding } from '../aggregate.ts'
import type { AnyCommit } from '../any-commit.ts'
import type { LogPosition, Recorded } from '../log.ts'
import type { ReadonlyTable, Table } from '../table.ts'
import type { AheadEntry } from './ahead.ts'
import type { Cell, KindRules } from './cell.ts'
import type { CheckpointName, StoredState } from './checkpoint.ts'

export type Kinds = Readonly<Record<string, unknown>>

export interface FoldOptions<K extends Kinds> {
  /** Which aggregate a subject belongs to; undefined = not folded here, and not parsed either. */
  readonly route: (subject: string) => { readonly kind: string; readonly key: string } | undefined
  readonly kinds: { readonly [N in keyof K]: Folding<K[N]> }
  /** Told after each message that was folded or refused. `aggregate` is live: read it now, keep no part of it. */
  readonly onFolded?: (folded: Folded<keyof K & string>, aggregate: Aggregate<K[keyof K]>) => void
  /** Raised whenever a `Folding` changes what its state holds; a snapshot of another version is not used. */
  readonly version?: string
  /** Tables and position of a snapshot (`loadSnapshot`). */
  readonly snapshot?: FoldSnapshot
}

/** What a snapshot gives to a new fold. */
export interface FoldSnapshot {
  readonly position: LogPosition
  /** The table of one kind; undefined when the snapshot has none. */
  table(kind: KindRules): Table<Cell> | undefined
  /** Aggregates whose condition is not ok, so that they need not be looked for. */
  readonly troubled: readonly { readonly kind: string; readonly key: string }[]
  /** What its states hold beyond its position. */
  readonly ahead?: readonly AheadEntry[]
}

export interface Fold<K extends Kinds = Kinds> {
  readonly version: string
  /** How far the follower has brought this fold; undefined before the first message. */
  readonly position: LogPosition | undefined
  /** Folds one message of the follower. A checkpoint's state must have been provided before. */
  apply(recorded: Recorded): Admission
  /**
   * Folds consecutive messages of the follower, parsed in blocks, from index `from` on. Returns the index of the first
   * message that it did not fold: `batch.length`, or that of a checkpoint whose state was not provided yet.
   */
  applyBatch(batch: readonly Recorded[], from?: number): number
  /** Folds a message ahead of the follower (the tail of one subject). */
  applyAhead(recorded: Recorded): Admission
  /** Folds the process's own acknowledged commit; it is not parsed again. `data` is what was stored. */
  applyCommit(subject: string, seq: number, commit: AnyCommit, data: Uint8Array): Admission
  /** Why these messages of the follower cannot belong to what was folded ahead of it: the log went backwards. */
  contradiction(batch: readonly Recorded[]): string | undefined
  /** The last sequence that was folded ahead of the follower; 0 when nothing is. The log must not end below it. */
  foldedAhead(): number
  /** Live view: it changes as the fold goes on. Undefined when the subject has no message. */
  get<N extends keyof K & string>(kind: N, key: string): Aggregate<K[N]> | undefined
  /** The aggregate before its first commit; it is not kept. */
  initial<N extends keyof K & string>(kind: N, subject: string): Aggregate<K[N]>
  table<N extends keyof K & string>(kind: N): ReadonlyTable<Aggregate<K[N]>>
  count(kind: keyof K & string): number
  /** Every aggregate that is quarantined or read-only in this process. */
  troubled(): readonly {
    readonly kind: keyof K & string
    readonly key: string
    readonly aggregate: Aggregate<unknown>
  }[]
  quarantined(): readonly {
    readonly kind: keyof K & string
    readonly key: string
    readonly aggregate: Aggregate<unknown>
  }[]
  /** The checkpoint that a message holds, if its state must be fetched and provided before the message is folded. */
  missingCheckpoint(recorded: Recorded): CheckpointName | undefined
  /** Hands over the state of a checkpoint (already verified), or the reason why there is none. */
  provide(object: string, state: StoredState | string): void
  /** Sequence of the last message of a subject that was seen; 0 = none. What an append states as expected. */
  folded(subject: string): number
  /** Calls `run` once the subject was folded up to `seq`; returns what cancels it. At once if it was already. */
  whenFolded(subject: string, seq: number, run: () => void): () => void
  /** The log's creation time, and how far it was read although nothing was there to fold. */
  reach(position: LogPosition): void
  /** Drops everything, for a log that went backwards. */
  reset(): void
  /** For snapshots and compaction only. */
  readonly inside: FoldInside
}

export interface FoldInside {
  readonly kinds: readonly KindRules[]
  cells(kind: KindRules): Table<Cell>
  /** Calls `save` with each cell before its next change, until `undefined` is set. Throws when one is under way. */
  capture(save: ((cell: Cell) => void) | undefined): number
  ahead(): readonly AheadEntry[]
  /** Rises with every reset. */
  readonly era: number
}
