/**
 * Reads the file in which an engine on this host keeps a container's output: exact to the byte, cheap, and it goes on where
 * the last agent ended. Podman's own way of following tells lines in pieces when they come fast, so this is the first
 * choice wherever the file can be read. Two forms are known, told by their first character: Docker's JSON lines, and the
 * `<time> <stream> <F|P> <text>` of Kubernetes that Podman writes.
 */
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs'
import * as z from 'zod/mini'
import type { LogEntry } from './log-entries.ts'

/** A file and how far it was read; another inode at the same path is a later file. */
export interface FilePlace {
  readonly ino: number
  readonly offset: number
}

export interface LogFileReader {
  /** What was written since, up to a bound; empty at the end. */
  next(): LogEntry[]
  place(): FilePlace
  close(): void
}

const CHUNK = 256 * 1024
/** A line that is longer is none of an engine's: it is passed over piece by piece. */
const MOST_LINE = 4 * 1024 * 1024
const NEWLINE = 0x0a

/** Undefined when the file cannot be read by this process. */
export const openLogFile = (path: string, from: FilePlace | undefined): LogFileReader | undefined => {
  let file = open(path)
  if (file === undefined) return undefined
  let ino = fstatSync(file).ino
  let offset = from?.ino === ino ? from.offset : 0
  // Docker's rotation renames: what was written before it can still be had.
  if (from !== undefined && from.ino !== ino && inodeOf(`${path}.1`) === from.ino) {
    const older = open(`${path}.1`)
    if (older !== undefined) {
      closeSync(file)
      ;[file, ino, offset] = [older, from.ino, from.offset]
    }
  }
  let buffer = Buffer.alloc(CHUNK)

  const readOn = (): LogEntry[] => {
    const size = readSync(file!, buffer, 0, buffer.length, offset)
    const end = buffer.subarray(0, size).lastIndexOf(NEWLINE) + 1
    if (end === 0 && size === buffer.length) {
      if (buffer.length >= MOST_LINE) offset += size
      else buffer = Buffer.alloc(buffer.length * 2)
      return readOn()
    }
    offset += end
    return linesOf(Buffer.from(buffer.subarray(0, end))).flatMap((line) => entryOf(line) ?? [])
  }

  return {
    next: () => {
      const entries = readOn()
      if (entries.length > 0) return entries
      const now = inodeOf(path)
      if (now === undefined || now === ino) return []
      const next = open(path)
      if (next === undefined) return []
      // The old file is read to its end before the one that took its place.
      closeSync(file!)
      ;[file, ino, offset] = [next, fstatSync(next).ino, 0]
      return readOn()
    },
    place: () => ({ ino, offset }),
    close: () => closeSync(file!),
  }
}

const open = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch {
    return undefined
  }
}

const inodeOf = (path: string): number | undefined => {
  try {
    return statSync(path).ino
  } catch {
    return undefined
  }
}

const linesOf = (bytes: Buffer): Buffer[] => {
  const lines: Buffer[] = []
  for (let from = 0; from < bytes.length;) {
    const end = bytes.indexOf(NEWLINE, from)
    lines.push(bytes.subarray(from, end))
    from = end + 1
  }
  return lines
}

const jsonSchema = z.object({ log: z.string(), stream: z.enum(['stdout', 'stderr']) })
const LINE_END = Buffer.from('\n')

/** One line of either form; undefined for what is neither. */
const entryOf = (line: Buffer): (Pick<LogEntry, 'stream' | 'data'> & { second: number }) | undefined => {
  if (line[0] === 0x7b) {
    try {
      const { log, stream } = jsonSchema.parse(JSON.parse(line.toString('utf8')))
      return { stream, second: 0, data: Buffer.from(log) }
    } catch {
      return undefined
    }
  }
  const head = line.toString('latin1', 0, 64)
  const [whole = '', stream, mark] = /^\S+ (stdout|stderr) ([FP]) /.exec(head) ?? []
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const text = line.subarray(whole.length)
  // P: the rest of the line follows in another entry.
  return { stream, second: 0, data: mark === 'P' ? text : Buffer.concat([text, LINE_END]) }
}
