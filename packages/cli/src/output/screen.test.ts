import { stripVTControlCharacters } from 'node:util'
import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createScreen } from './screen.ts'
import { widthOf } from './table.ts'

const ESC = '\u001B'
const on = (columns: number, rows: number) => {
  let out = ''
  const screen = createScreen({ out: (text) => void (out += text), terminal: () => ({ columns, rows }) })
  return { draw: (text: string) => (screen.draw(text), out), out: () => out }
}
/** The lines of the last picture. */
const lastOf = (out: string): string[] => {
  const begin = `\r${ESC}[0J`
  return out.slice(out.lastIndexOf(begin) + begin.length, -1).split('\n')
}

describe('a screen', () => {
  it('draws over what it drew before, however many lines that took', () => {
    const { draw } = on(80, 24)
    expect(draw('one\ntwo\n')).toBe(`\r${ESC}[0Jone\ntwo\n`)
    expect(draw('three\n').endsWith(`${ESC}[2A\r${ESC}[0Jthree\n`)).toBe(true)
    expect(draw('four\n').endsWith(`${ESC}[1A\r${ESC}[0Jfour\n`)).toBe(true)
  })

  it('ends a colour that it cuts', () => {
    const [line] = lastOf(on(4, 9).draw(`${ESC}[31mabcdef${ESC}[39m\n`))
    expect(line).toBe(`${ESC}[31mabc${ESC}[0m~`)
  })

  it('draws nothing where there is no terminal', () => {
    let out = ''
    createScreen({ out: (text) => void (out += text), terminal: () => undefined }).draw('one')
    expect(out).toBe('')
  })
})

const piece = fc.constantFrom('a', 'b', ' ', '日', 'é', `${ESC}[1m`, `${ESC}[22m`)
test.prop([
  fc.array(
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
    { minLength: 1, maxLength: 12 },
  ),
  fc.integer({ min: 2, max: 20 }),
  fc.integer({ min: 2, max: 9 }),
])('never draws beyond the terminal, and cuts only what would not fit', (lines, columns, rows) => {
  const drawn = lastOf(on(columns, rows).draw(`${lines.join('\n')}\n`))
  expect(drawn.length).toBe(Math.min(lines.length, rows - 1))
  drawn.forEach((line, i) => {
    const shown = stripVTControlCharacters(line)
    expect(widthOf(shown)).toBeLessThanOrEqual(columns)
    const whole = lines[i] ?? ''
    if (widthOf(stripVTControlCharacters(whole)) <= columns) expect(line).toBe(whole)
    else expect(shown.endsWith('~')).toBe(true)
  })
})
