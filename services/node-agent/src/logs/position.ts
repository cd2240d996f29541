/**
 * Where a reader of a stream stands, so that it goes on there after a rotation, or on another connection: which file, which
 * older file stood before it, how far, and a sum of the last bytes that were read, which proves that it is the same place.
 *
 * A file that is cut after it was copied keeps its inode. Its older neighbour tells: when another file stands there, what was
 * the present file is now the one after the neighbour of then.
 */
import { readSync } from 'node:fs'
import type { LogFile } from './log-files.ts'

export interface Position {
  readonly file: string
  /** The next older file; `-` = there was none. */
  readonly before: string
  readonly offset: number
  readonly sum: number
}

/** So many bytes before a position are summed. */
export const SUMMED_BYTES = 64
export const NO_FILE = '-'

export const writePosition = ({ file, before, offset, sum }: Position): string => `${file}/${before}/${offset}/${sum}`

/** Undefined when it was not made by `writePosition`. */
export const readPosition = (text: string): Position | undefined => {
  const [file, before, offset, sum] = text.split('/')
  if (!file || !before || !/^\d{1,15}$/.test(offset ?? '') || !/^\d{1,10}$/.test(sum ?? '')) return undefined
  return { file, before, offset: Number(offset), sum: Number(sum) }
}

/** Sum of the bytes before an offset of an open file. */
export const sumBefore = (fd: number, offset: number): number => {
  const length = Math.min(SUMMED_BYTES, offset)
  const bytes = Buffer.allocUnsafe(length)
  const read = length === 0 ? 0 : readSync(fd, bytes, 0, length, offset - length)
  return sumOf(bytes.subarray(0, read))
}

/** FNV-1a of 32 bits. Node's own sums are in its zlib, which is 2 MB of memory. */
const sumOf = (bytes: Uint8Array): number => {
  let sum = 0x811c9dc5
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 0x01000193)
  return sum >>> 0
}

/** The index of the file that now holds what a position points at; -1 when it is gone. `copied`: since then. */
export const locate = (
  files: readonly LogFile[],
  { file, before }: Position,
): { readonly index: number; readonly copied: boolean } => {
  const index = files.findIndex(({ id }) => id === file)
  // Older files are written no more: it was renamed, or it is a copy and stays one.
  if (!files[index]?.present) return { index, copied: false }
  const neighbour = files[index - 1]?.id ?? NO_FILE
  if (neighbour === before) return { index, copied: false }
  // Copied and cut since then. Without the neighbour of then, which goes first, the oldest may be the copy; its sum tells.
  const then = files.findIndex(({ id }) => id === before)
  return { index: then + 1, copied: true }
}

/** How many bytes lie behind a place; of a copy, a few that lie before it as well. */
export const bytesBehind = (files: readonly LogFile[], position: Position | undefined): number => {
  const { index, copied } = position === undefined ? { index: 0, copied: false } : locate(files, position)
  const sizes = files.slice(Math.max(0, index)).reduce((sum, { size }) => sum + size, 0)
  return index < 0 || copied ? sizes : Math.max(0, sizes - (position?.offset ?? 0))
}

/** A copy of a file that had grown too large begins with this line, and holds only the end of it. */
const NOT_KEPT = /^dunlin: (\d{1,15}) bytes before this were not kept\n/

/** Where an offset of a file lies in its copy; undefined when the copy begins later. */
export const offsetInCopy = (fd: number, offset: number): number | undefined => {
  const bytes = Buffer.allocUnsafe(80)
  const head = NOT_KEPT.exec(bytes.toString('latin1', 0, readSync(fd, bytes, 0, bytes.byteLength, 0)))
  if (head === null) return offset
  const within = offset - Number(head[1])
  return within < 0 ? undefined : within + head[0].length
}
