/** Where the last lines of a stream begin, read from its end backwards. */
import { closeSync, openSync, readSync } from 'node:fs'
import type { LogFile } from './log-files.ts'
import { NO_FILE, sumBefore, type Position } from './position.ts'

const BLOCK_BYTES = 64 * 1024
const NEWLINE = 10

/** Undefined = at the oldest byte that is kept, because there are no more lines, or none at all. */
export const tailPosition = (files: readonly LogFile[], lines: number): Position | undefined => {
  const block = Buffer.allocUnsafe(BLOCK_BYTES)
  // The newline at the very end ends the last line; it begins none.
  let missing = lines
  let atEnd = true
  for (let i = files.length - 1; i >= 0; i--) {
    const file = files[i]
    if (file === undefined) break
    const fd = openSync(file.path, 'r')
    const found = (offset: number): Position => {
      const sum = sumBefore(fd, offset)
      return { file: file.id, before: files[i - 1]?.id ?? NO_FILE, offset, sum }
    }
    try {
      if (lines === 0) return found(file.size)
      for (let end = file.size; end > 0;) {
        const begin = Math.max(0, end - BLOCK_BYTES)
        const length = readSync(fd, block, 0, end - begin, begin)
        for (let at = length - 1; at >= 0; at--) {
          const last = atEnd
          atEnd = false
          if (block[at] !== NEWLINE || last) continue
          missing -= 1
          if (missing === 0) return found(begin + at + 1)
        }
        end = begin
      }
    } finally {
      closeSync(fd)
    }
  }
  return undefined
}
