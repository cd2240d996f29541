/** Reads the newest snapshot that fits; whatever does not fit, or cannot be read, is not used. */
import type { KindRules } from '../fold/cell.ts'
import type { FoldSnapshot } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import { decodeContainer } from './container.ts'
import { unpackFrame } from './frames.ts'
import { createLazyTable, ENTRY_NUMBERS } from './lazy-table.ts'

export interface LoadedSnapshot extends FoldSnapshot {
  /** What the service gave to `writeSnapshot`. */
  readonly extra: unknown
}

const read = async (bytes: Uint8Array, foldVersion: string): Promise<LoadedSnapshot | undefined> => {
  const { header, frames: packed } = decodeContainer(bytes)
  if (header.foldVersion !== foldVersion) return undefined
  const frames = await Promise.all(packed.map(unpackFrame))
  const indexFrom = header.states.length
  const extraFrom = indexFrom + header.index.length
  const states = frames.slice(0, indexFrom)
  const index = Buffer.concat(frames.slice(indexFrom, extraFrom))
  const numbers = new Uint32Array(index.buffer.slice(index.byteOffset, index.byteOffset + index.byteLength))
  const ranges = new Map<string, { readonly from: number; readonly to: number }>()
  let from = 0
  for (const { name, count } of header.kinds) {
    ranges.set(name, { from, to: from + count * ENTRY_NUMBERS })
    from += count * ENTRY_NUMBERS
  }
  if (from !== numbers.length) return undefined
  return {
    position: header.position,
    troubled: header.troubled,
    ahead: header.ahead ?? [],
    extra: JSON.parse(Buffer.concat(frames.slice(extraFrom)).toString('utf8')) as unknown,
    table(kind: KindRules) {
      const range = ranges.get(kind.name)
      return range && createLazyTable(kind, numbers.subarray(range.from, range.to), states)
    },
  }
}

/**
 * For `createFold({ snapshot })`, once. Whether it belongs to the log (creation time, message at its position) is
 * found by the follower, which then begins anew.
 * @param foldVersion the version of the fold that is going to use it
 * @throws what the object store throws when it cannot be asked
 */
export const loadSnapshot = async (
  store: ObjectStore,
  name: string,
  foldVersion: string,
): Promise<LoadedSnapshot | undefined> => {
  const names = (await store.list(`${name}/`)).map((object) => object.name).toSorted()
  for (const object of names.toReversed()) {
    const bytes = await store.get(object)
    const snapshot = bytes && (await read(bytes, foldVersion).catch(() => undefined))
    if (snapshot !== undefined) return snapshot
  }
  return undefined
}
