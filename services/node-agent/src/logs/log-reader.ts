/** Reads one stream of a task from a position on, through rotations, without loss or repeat; what was dropped is told. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { logFiles, type LogFile } from './log-files.ts'
import { locate, NO_FILE, offsetInCopy, sumBefore, SUMMED_BYTES, writePosition, type Position } from './position.ts'

export type Part =
  /**
   * Whole lines, but for a line that is longer than a part, or the end of what will ever come. The bytes are valid until the
   * next part is read.
   */
  | { readonly is: 'text'; readonly bytes: Uint8Array; readonly at: string }
  /** What came next was dropped before it was read. */
  | { readonly is: 'gap' }

export interface LogReader {
  /** Undefined when nothing is there now. `final`: nothing more will be written, so an unfinished line is given out too. */
  next(final: boolean): Part | undefined
  close(): void
}

export const PART_BYTES = 60 * 1024
const NEWLINE = 10

/** `start` absent: from the oldest byte that is kept. */
export const createLogReader = (dir: string, stream: string, start?: Position): LogReader => {
  let position = start
  let open: { readonly id: string; readonly fd: number } | undefined
  const buffer = Buffer.allocUnsafe(PART_BYTES)

  const close = (): void => {
    if (open) closeSync(open.fd)
    open = undefined
  }
  /** Kept open while it is read: what is deleted meanwhile can be read to its end. */
  const fdOf = ({ id, path }: LogFile): number => {
    if (open?.id === id) return open.fd
    close()
    const fd = openSync(path, 'r')
    open = { id, fd }
    return fd
  }

  /** The file to read and how far it was read; `gap` when the place is gone. */
  const place = (files: readonly LogFile[]): { index: number; offset: number; gap?: true } => {
    if (position === undefined) return { index: 0, offset: 0 }
    const { index, copied } = locate(files, position)
    const file = files[index]
    if (file === undefined) return { index: 0, offset: 0, gap: true }
    const { sum } = position
    const offset = copied ? offsetInCopy(fdOf(file), position.offset) : position.offset
    if (offset === undefined) return { index, offset: 0, gap: true }
    // What is missing in an older file was cut off with the copy; it was read before.
    if (offset > file.size) return !file.present ? { index, offset } : { index, offset: 0, gap: true }
    // At a beginning there is nothing to compare, and a copy that begins shortly before has other bytes there.
    const proven = offset === 0 || (offset !== position.offset && offset < 2 * SUMMED_BYTES)
    return proven || sumBefore(fdOf(file), offset) === sum ? { index, offset } : { index: 0, offset: 0, gap: true }
  }

  const read = (fd: number, offset: number, whole: boolean): Uint8Array | undefined => {
    const length = readSync(fd, buffer, 0, PART_BYTES, offset)
    if (length === 0) return undefined
    const newline = buffer.lastIndexOf(NEWLINE, length - 1)
    const end = newline >= 0 ? newline + 1 : length === PART_BYTES || whole ? length : 0
    return end === 0 ? undefined : buffer.subarray(0, end)
  }

  const step = (file: LogFile, before: string, offset: number, bytes: Uint8Array): Part => {
    const end = offset + bytes.byteLength
    position = { file: file.id, before, offset: end, sum: sumBefore(fdOf(file), end) }
    return { is: 'text', bytes, at: writePosition(position) }
  }

  /** The directory was deleted: what is still open has the rest. */
  const rest = (): Part | undefined => {
    if (open === undefined || position === undefined || position.file !== open.id) return undefined
    const { file, before, offset } = position
    if (offset >= fstatSync(open.fd).size) return undefined
    const bytes = read(open.fd, offset, true)
    return bytes && step({ id: file, path: '', size: 0, present: true }, before, offset, bytes)
  }

  return {
    close,
    next: (final) => {
      const files = logFiles(dir, stream)
      if (files.length === 0) return rest()
      const { index, offset, gap } = place(files)
      if (gap) {
        const left = rest()
        if (left) return left
        const next = files[index]
        const before = files[index - 1]?.id ?? NO_FILE
        if (next) position = { file: next.id, before, offset: 0, sum: 0 }
        return { is: 'gap' }
      }
      let from = offset
      for (let i = index; i < files.length; i++) {
        const file = files[i] as LogFile
        const older = !file.present
        const bytes = from < file.size ? read(fdOf(file), from, final || older) : undefined
        if (bytes) return step(file, files[i - 1]?.id ?? NO_FILE, from, bytes)
        if (file.present) return undefined
        from = 0
        // Everything before it was read; how far back it is later does not matter any more.
        const next = files[i + 1]
        if (next && position) position = { file: next.id, before: file.id, offset: 0, sum: 0 }
      }
      return undefined
    },
  }
}
