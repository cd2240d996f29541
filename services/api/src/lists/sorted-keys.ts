/**
 * A sorted set of keys in chunks: adding, removing, finding and ranking cost a search and a move inside one small chunk,
 * so that a list endpoint neither sorts nor scans all keys. (The plan of Python's sortedcontainers, by Grant Jenks.)
 */
export interface SortedKeys {
  readonly size: () => number
  /** False when it was there already. */
  add(key: string): boolean
  remove(key: string): boolean
  has(key: string): boolean
  /** How many keys are below `key`. */
  rank(key: string): number
  /** Keys not below `key`, in order. */
  from(key: string): Generator<string>
}

const CHUNK = 512

const lowerBound = (keys: readonly string[], key: string): number => {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((keys[middle] as string) < key) low = middle + 1
    else high = middle
  }
  return low
}

export const createSortedKeys = (): SortedKeys => {
  const chunks: string[][] = []
  let size = 0
  /** Index of the first chunk whose last key is not below `key`. */
  const chunkOf = (key: string): number => {
    let low = 0
    let high = chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (((chunks[middle] as string[]).at(-1) as string) < key) low = middle + 1
      else high = middle
    }
    return low
  }
  const has = (key: string): boolean => {
    const chunk = chunks[chunkOf(key)]
    return chunk !== undefined && chunk[lowerBound(chunk, key)] === key
  }
  return {
    size: () => size,
    has,
    add: (key) => {
      if (has(key)) return false
      size += 1
      // A key above all others goes to the end of the last chunk.
      const at = Math.min(chunkOf(key), Math.max(0, chunks.length - 1))
      const chunk = chunks[at]
      if (chunk === undefined) chunks.push([key])
      else {
        chunk.splice(lowerBound(chunk, key), 0, key)
        if (chunk.length > CHUNK * 2) chunks.splice(at + 1, 0, chunk.splice(CHUNK))
      }
      return true
    },
    remove: (key) => {
      const at = chunkOf(key)
      const chunk = chunks[at]
      const place = chunk === undefined ? 0 : lowerBound(chunk, key)
      if (chunk?.[place] !== key) return false
      chunk.splice(place, 1)
      if (chunk.length === 0) chunks.splice(at, 1)
      size -= 1
      return true
    },
    rank: (key) => {
      const at = chunkOf(key)
      let below = 0
      for (let i = 0; i < at; i++) below += (chunks[i] as string[]).length
      const chunk = chunks[at]
      return chunk === undefined ? below : below + lowerBound(chunk, key)
    },
    *from(key) {
      let at = chunkOf(key)
      let place = lowerBound(chunks[at] ?? [], key)
      for (let chunk = chunks[at]; chunk !== undefined; chunk = chunks[at]) {
        for (; place < chunk.length; place++) yield chunk[place] as string
        at += 1
        place = 0
      }
    },
  }
}
