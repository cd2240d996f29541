/** Draws a text again in its place on a terminal; lines are cut where they would wrap, because a wrapped line cannot be undone. */
import { stripVTControlCharacters } from 'node:util'
import type { Io } from '../io.ts'
import { widthOf } from './table.ts'

export interface Screen {
  /** Replaces what was drawn before. Without a terminal it does nothing. */
  draw(text: string): void
}

const RESET = '\u001B[0m'

export const createScreen = (io: Pick<Io, 'out' | 'terminal'>): Screen => {
  let drawn = 0
  return {
    draw: (text) => {
      const size = io.terminal()
      if (size === undefined) return
      const all = text.replace(/\n$/, '').split('\n')
      // The line below the picture belongs to the cursor.
      const lines = all.slice(0, Math.max(1, size.rows - 1)).map((line) => cut(line, size.columns))
      io.out(`${drawn > 0 ? `\u001B[${drawn}A` : ''}\r\u001B[0J${lines.join('\n')}\n`)
      drawn = lines.length
    },
  }
}

/** As many columns of a line as fit; colours take none. */
const cut = (line: string, columns: number): string => {
  if (widthOf(stripVTControlCharacters(line)) <= columns) return line
  let width = 0
  let kept = ''
  // eslint-disable-next-line no-control-regex -- colours are control sequences
  for (const [piece = ''] of line.matchAll(/\u001B\[[0-9;]*m|[^]/gu)) {
    if (piece.startsWith('\u001B')) kept += piece
    else {
      width += widthOf(piece)
      if (width > columns - 1) return `${kept}${kept.includes('\u001B') ? RESET : ''}~`
      kept += piece
    }
  }
  return kept
}
