/**
 * Writes the folded state of a service at one instant. It is written in slices between which the fold goes on: whoever
 * is about to change is written before its change, so the snapshot shows one instant, and `extra` fits to it.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { Cell, KindRules } from '../fold/cell.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Table } from '../table.ts'
import { encodeContainer, SNAPSHOT_FORMAT, type SnapshotHeader } from './container.ts'
import { encodeEntry, hashKey } from './entry.ts'
import { createFrameWriter } from './frames.ts'
import { isLazy } from './lazy-table.ts'
import { createNumbers } from './numbers.ts'

export interface WrittenSnapshot {
  readonly object: string
  readonly seq: number
  readonly aggregates: number
  readonly sizeBytes: number
}

/** How long one slice may keep the event loop. */
const SLICE_MS = 4
/** Aggregates between two looks at the time. */
const LOOK_EVERY = 16
const KEPT = 2

const snapshotObject = (name: string, seq: number): string => `${name}/${String(seq).padStart(16, '0')}`

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/**
 * @param extra the service's own data at this instant; JSON
 * @returns undefined when the log went backwards meanwhile: nothing was written
 * @throws DunlinError not_ready when nothing was folded yet or a snapshot is under way; what the object store throws
 */
export const writeSnapshot = async <K extends Kinds>(
  store: ObjectStore,
  name: string,
  fold: Fold<K>,
  extra: unknown,
): Promise<WrittenSnapshot | undefined> => {
  const { inside, position } = fold
  if (position === undefined || position.created === '') throw new DunlinError('not_ready', 'Nothing was folded yet.')
  const states = createFrameWriter()
  const numbers = new Map(inside.kinds.map((kind) => [kind, createNumbers()]))
  const note = (kind: KindRules, hash: number, at: { frame: number; start: number; length: number }): void =>
    numbers.get(kind)?.push(hash, at.frame, at.start, at.length)

  const save = (cell: Cell): void => {
    cell.captured = id
    note(cell.kind, hashKey(cell.key), states.text(encodeEntry(cell)))
  }
  const id = inside.capture(save)
  const { era } = inside
  const ahead = inside.ahead()
  const extras = createFrameWriter()
  extras.text(JSON.stringify(extra ?? null))
  const troubled = fold.troubled().map(({ kind, key }) => ({ kind, key }))
  const tables = inside.kinds.map((kind) => ({ kind, table: inside.cells(kind) }))

  /** What is written between two pauses, one aggregate a step. */
  function* steps(kind: KindRules, table: Table<Cell>): Generator<undefined> {
    for (const cell of isLazy(table) ? table.touched() : table.values()) {
      if (cell.captured !== id) save(cell)
      yield
    }
    if (!isLazy(table)) return
    for (const { index, hash } of table.untouched()) {
      const raw = table.raw(index)
      if (raw !== undefined) note(kind, hash, states.bytes(raw))
      yield
    }
    // Touched since the first loop, and not changed since.
    for (const cell of table.touched()) if (cell.captured !== id) save(cell)
  }

  try {
    let sliceEndMs = performance.now() + SLICE_MS
    let looked = 0
    for (const { kind, table } of tables) {
      for (const _ of steps(kind, table)) {
        if (++looked % LOOK_EVERY !== 0 || performance.now() < sliceEndMs) continue
        await nextTurn()
        if (inside.era !== era) return undefined
        sliceEndMs = performance.now() + SLICE_MS
      }
    }
  } finally {
    if (inside.era === era) inside.capture(undefined)
  }

  const indexes = createFrameWriter()
  for (const { kind } of tables) indexes.bytes(numbers.get(kind)?.bytes() ?? new Uint8Array())
  const [statePieces, indexPieces, extraPieces] = await Promise.all([
    states.finish(),
    indexes.finish(),
    extras.finish(),
  ])
  const header: SnapshotHeader = {
    format: SNAPSHOT_FORMAT,
    foldVersion: fold.version,
    position,
    kinds: tables.map(({ kind }) => ({ name: kind.name, count: numbers.get(kind)?.entries() ?? 0 })),
    troubled,
    ahead,
    states: statePieces.map(({ length }) => length),
    index: indexPieces.map(({ length }) => length),
    extra: extraPieces.map(({ length }) => length),
  }
  const bytes = encodeContainer(header, [...statePieces, ...indexPieces, ...extraPieces])
  const object = snapshotObject(name, position.seq)
  await store.put(object, bytes)
  await dropOld(store, name, object)
  const aggregates = header.kinds.reduce((sum, { count }) => sum + count, 0)
  return { object, seq: position.seq, aggregates, sizeBytes: bytes.length }
}

/** The newest two stay: the one before helps when the newest cannot be read. */
const dropOld = async (store: ObjectStore, name: string, written: string): Promise<void> => {
  const others = (await store.list(`${name}/`)).map((object) => object.name).filter((object) => object !== written)
  // What is ahead of the one just written belongs to a history that was lost, and would be tried first.
  const older = others.filter((object) => object < written).toSorted()
  const kept = new Set(older.slice(1 - KEPT))
  for (const object of others) if (!kept.has(object)) await store.delete(object)
}
