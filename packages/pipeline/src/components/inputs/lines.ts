// Cuts a growing stream of bytes into lines. The last, unfinished line waits for its end; a line that grows beyond the
// limit is given up, and the rest of it skipped.

const NEWLINE = 10
const RETURN = 13

export type Line = { readonly kind: 'line'; readonly text: string } | { readonly kind: 'tooLong' }

export interface LineCutter {
  /** The lines that this piece completes. */
  push(bytes: Buffer): Line[]
  /** How many bytes at the end are still waiting for their newline. */
  pendingBytes(): number
  /** The unfinished line, when its end will never come. */
  finish(): Line[]
  reset(): void
}

/** `maxLineBytes` counts without the line break. Text that is not UTF-8 is repaired with U+FFFD. */
export function lineCutter(maxLineBytes: number): LineCutter {
  let pieces: Buffer[] = []
  let pending = 0
  let skipping = false

  function take(last: Buffer): Line {
    const whole = pieces.length === 0 ? last : Buffer.concat([...pieces, last])
    pieces = []
    pending = 0
    const end = whole.at(-1) === RETURN ? whole.length - 1 : whole.length
    return end > maxLineBytes ? { kind: 'tooLong' } : { kind: 'line', text: whole.toString('utf8', 0, end) }
  }

  function keep(bytes: Buffer, lines: Line[]): void {
    if (bytes.length === 0) return
    pending += bytes.length
    if (skipping) return
    // One more byte may be the carriage return before the newline.
    if (pending > maxLineBytes + 1) {
      skipping = true
      pieces = []
      lines.push({ kind: 'tooLong' })
    } else pieces.push(Buffer.from(bytes))
  }

  function reset(): void {
    pieces = []
    pending = 0
    skipping = false
  }

  return {
    push(bytes) {
      const lines: Line[] = []
      let start = 0
      for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
        if (skipping) reset()
        else lines.push(take(bytes.subarray(start, end)))
        start = end + 1
      }
      keep(bytes.subarray(start), lines)
      return lines
    },
    pendingBytes: () => pending,
    finish() {
      const lines: Line[] = pieces.length === 0 ? [] : [take(Buffer.alloc(0))]
      reset()
      return lines
    },
    reset,
  }
}
