/**
 * Standard output of the demo. On a terminal the table stands below what was said and is redrawn in place; elsewhere
 * every line is written once and the table when a part of the story ends.
 */
import { paint } from './paint.ts'
import type { Told } from './tell.ts'

export interface Screen {
  /** A line that stays. */
  print(text: string): void
  tell(told: Told): void
  /** Redraws the table now and whenever something is printed. */
  live(frame: () => readonly string[]): void
  /** Leaves the table as it is now, and goes on below it. */
  settle(): void
}

export interface Output {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const REDRAW_EVERY_MS = 100

export const createScreen = (output: Output): Screen => {
  let frame: (() => readonly string[]) | undefined
  let drawn = 0
  let timer: NodeJS.Timeout | undefined
  const onTerminal = output.isTTY === true

  const erase = (): string => {
    const up = drawn === 0 ? '' : `\u001B[${drawn}A\u001B[0J`
    drawn = 0
    return up
  }
  const draw = (): string => {
    const lines = onTerminal ? (frame?.() ?? []).map((line) => cut(line, output.columns ?? 80)) : []
    drawn = lines.length
    return lines.map((line) => `${line}\n`).join('')
  }
  const print = (text: string): void => void output.write(`${erase()}${text}\n${draw()}`)

  return {
    print,
    tell: ({ seq, at, by, text, mood }) => {
      const head = `  ${at}  ${`#${seq}`.padStart(4)}  ${by.padEnd(14)}  `
      const colour = mood === 'good' ? 'green' : mood === 'bad' ? 'red' : mood === 'quiet' ? 'dim' : undefined
      print(`${paint('dim', head)}${colour === undefined ? text : paint(colour, text)}`)
    },
    live: (newFrame) => {
      frame = newFrame
      if (!onTerminal || timer !== undefined) return
      timer = setInterval(() => void output.write(erase() + draw()), REDRAW_EVERY_MS)
    },
    settle: () => {
      clearInterval(timer)
      timer = undefined
      const last = frame?.() ?? []
      const cleared = erase()
      frame = undefined
      output.write(`${cleared}${last.map((line) => `${line}\n`).join('')}`)
    },
  }
}

/** A line that wraps would count as two and break the redraw. Escape sequences take no room. */
export const cut = (line: string, columns: number): string => {
  let room = columns - 1
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with a control character
  return line.replaceAll(/\u001B\[[0-9;]*m|[^\u001B]/gu, (piece) => {
    if (piece.startsWith('\u001B')) return piece
    room -= 1
    return room >= 0 ? piece : ''
  })
}
