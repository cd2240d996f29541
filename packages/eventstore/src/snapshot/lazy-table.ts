/**
 * A table over the frames of a snapshot: an aggregate is parsed when it is first touched. Loading costs a hash table
 * of numbers; a process that is ready at once need not have read a hundred thousand states.
 */
import type { Cell, KindRules } from '../fold/cell.ts'
import type { Table } from '../table.ts'
import { decodeEntry, entryPrefix, hashKey, keyOf } from './entry.ts'

/** Four numbers an entry: hash of the key, frame, start in it, length. */
export const ENTRY_NUMBERS = 4

export interface LazyTable extends Table<Cell> {
  /** For the next snapshot: bytes of an entry that nobody has touched. */
  untouched(): IterableIterator<{ readonly index: number; readonly hash: number }>
  /** The bytes of an entry; undefined when it was touched meanwhile. */
  raw(index: number): Buffer | undefined
  /** Cells that were touched or made since loading. */
  touched(): IterableIterator<Cell>
}

export const isLazy = (table: Table<Cell>): table is LazyTable => 'untouched' in table

export const createLazyTable = (kind: KindRules, index: Uint32Array, frames: readonly Buffer[]): LazyTable => {
  const count = index.length / ENTRY_NUMBERS
  const overlay = new Map<string, Cell>()
  const gone = new Uint8Array(count)
  let left = count
  let slots = new Int32Array(Math.max(2, 2 ** Math.ceil(Math.log2(count * 2 + 1))))
  const mask = slots.length - 1
  for (let entry = 0; entry < count; entry++) {
    let slot = (index[entry * ENTRY_NUMBERS] as number) & mask
    while (slots[slot] !== 0) slot = (slot + 1) & mask
    slots[slot] = entry + 1
  }

  const bytesOf = (entry: number): Buffer => {
    const at = entry * ENTRY_NUMBERS
    const start = index[at + 2] as number
    return (frames[index[at + 1] as number] as Buffer).subarray(start, start + (index[at + 3] as number))
  }

  const findText = (key: string): { readonly entry: number; readonly text: string } | undefined => {
    if (left === 0) return undefined
    const hash = hashKey(key)
    for (let slot = hash & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const entry = (slots[slot] as number) - 1
      if (index[entry * ENTRY_NUMBERS] !== hash || gone[entry] !== 0) continue
      const text = bytesOf(entry).toString('utf8')
      if (text.startsWith(entryPrefix(key))) return { entry, text }
    }
    return undefined
  }

  const take = (entry: number): void => {
    gone[entry] = 1
    // Nothing is left to read: the frames are not needed any more.
    if (--left === 0) {
      frames = []
      slots = new Int32Array(mask + 1)
    }
  }

  const get = (key: string): Cell | undefined => {
    const known = overlay.get(key)
    if (known !== undefined) return known
    const found = findText(key)
    if (found === undefined) return undefined
    const cell = decodeEntry(kind, found.text)
    take(found.entry)
    overlay.set(key, cell)
    return cell
  }

  function* indexes(): IterableIterator<number> {
    for (let entry = 0; entry < count; entry++) if (gone[entry] === 0) yield entry
  }

  /** The keys at this moment; touching moves entries about, so they are listed first. */
  const allKeys = (): string[] => {
    const keys = [...overlay.keys()]
    if (left > 0) for (const entry of indexes()) keys.push(keyOf(bytesOf(entry)))
    return keys
  }

  function* entries(): IterableIterator<[string, Cell]> {
    for (const key of allKeys()) {
      const cell = get(key)
      if (cell !== undefined) yield [key, cell]
    }
  }
  function* values(): IterableIterator<Cell> {
    for (const [, cell] of entries()) yield cell
  }
  function* untouched(): IterableIterator<{ index: number; hash: number }> {
    if (left === 0) return
    for (const entry of indexes()) yield { index: entry, hash: index[entry * ENTRY_NUMBERS] as number }
  }

  return {
    get size() {
      return overlay.size + left
    },
    get,
    set(key, cell) {
      const found = overlay.has(key) ? undefined : findText(key)
      if (found !== undefined) take(found.entry)
      overlay.set(key, cell)
    },
    has: (key) => overlay.has(key) || findText(key) !== undefined,
    delete(key) {
      const found = findText(key)
      if (found !== undefined) take(found.entry)
      return overlay.delete(key) || found !== undefined
    },
    keys: () => allKeys().values(),
    values,
    [Symbol.iterator]: entries,
    untouched,
    raw: (entry) => (gone[entry] === 0 ? bytesOf(entry) : undefined),
    touched: () => overlay.values(),
  }
}
