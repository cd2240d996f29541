/**
 * The log of a container as an engine streams it: frames of 8 bytes of head and a body, each body one entry that begins
 * with its time. Engines differ in how fine their times are (podman 4: a second), so that a place in the log is a second
 * and how many entries have been seen since it began.
 */

export interface LogEntry {
  readonly stream: 'stdout' | 'stderr'
  /** Whole seconds since the epoch. */
  readonly second: number
  readonly data: Buffer
}

const HEAD = 8
const STDERR = 2

/** Cuts a stream of chunks into entries; what is not whole yet waits for the next chunk. */
export const createEntryReader = (): ((chunk: Buffer) => LogEntry[]) => {
  let rest: Buffer = Buffer.alloc(0)
  return (chunk) => {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    const entries: LogEntry[] = []
    while (bytes.length >= HEAD) {
      const end = HEAD + bytes.readUInt32BE(4)
      if (bytes.length < end) break
      entries.push(entryOf(bytes[0] === STDERR ? 'stderr' : 'stdout', bytes.subarray(HEAD, end)))
      bytes = bytes.subarray(end)
    }
    rest = bytes
    return entries
  }
}

const entryOf = (stream: LogEntry['stream'], body: Buffer): LogEntry => {
  const space = body.indexOf(0x20)
  const second = space < 0 ? NaN : Math.floor(Date.parse(body.toString('latin1', 0, space)) / 1000)
  // Without a time it is taken as it is, and counts as of now.
  return Number.isNaN(second) ? { stream, second: 0, data: body } : { stream, second, data: body.subarray(space + 1) }
}

/** Where reading goes on: entries since this second are asked for, and so many of them are passed over. */
export interface LogPlace {
  readonly since: number
  readonly skip: number
  /** Bytes of the last of them: an engine may tell a line whose end it has not seen, and no more of it. */
  readonly last: number
}

/** Two writers of one engine stamp entries a moment before they store them: those of the last seconds may come disordered. */
const UNSETTLED_SECONDS = 2

export interface LogCounter {
  /** What of an entry was not had before. */
  newIn(entry: LogEntry): LogEntry | undefined
  place(): LogPlace
}

export const createLogCounter = (from: LogPlace): LogCounter => {
  const counts = new Map<number, number>()
  let first = from.since
  let latest = from.since
  let toSkip = from.skip
  let last = from.last
  return {
    newIn: (entry) => {
      const { second, data } = entry
      // One from before `first` would not come again when `first` is asked for.
      if (second >= first) counts.set(second, (counts.get(second) ?? 0) + 1)
      if (second > latest) {
        latest = second
        first = Math.max(first, latest - UNSETTLED_SECONDS)
        for (const old of counts.keys()) if (old < first) counts.delete(old)
      }
      if (toSkip === 0) {
        last = data.length
        return entry
      }
      toSkip -= 1
      if (toSkip > 0 || data.length <= last) return undefined
      const rest = data.subarray(last)
      last = data.length
      return { ...entry, data: rest }
    },
    // Interrupted before it came to anything new: the next one has to pass over the same entries.
    place: () =>
      toSkip > 0 ? from : { since: first, skip: [...counts.values()].reduce((sum, n) => sum + n, 0), last },
  }
}
