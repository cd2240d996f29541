import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { lineCutter, type Line } from './lines.ts'

const text = (line: Line): string => (line.kind === 'line' ? line.text : '<too long>')

function cut(pieces: readonly string[], maxLineBytes = 100): string[] {
  const cutter = lineCutter(maxLineBytes)
  return pieces.flatMap((piece) => cutter.push(Buffer.from(piece)).map(text))
}

describe('lines of a growing file', () => {
  test('a line is handed on once its newline is there', () => {
    expect(cut(['a\nb'])).toEqual(['a'])
    expect(cut(['a\nb', 'c\n'])).toEqual(['a', 'bc'])
  })

  test('empty lines are lines, and a carriage return belongs to the line break', () => {
    expect(cut(['\n\r\nx\r\n'])).toEqual(['', '', 'x'])
  })

  test('a line beyond the limit is given up once, and the next one is fine', () => {
    expect(cut(['abcdef\nok\n'], 4)).toEqual(['<too long>', 'ok'])
    expect(cut(['abc', 'def', 'ghi', 'j\nok\n'], 4)).toEqual(['<too long>', 'ok'])
    expect(cut(['abcd\r\n'], 4)).toEqual(['abcd'])
  })

  test('what is not UTF-8 is repaired', () => {
    const cutter = lineCutter(10)
    expect(cutter.push(Buffer.from([0x61, 0xff, 0x62, 0x0a])).map(text)).toEqual(['a\ufffdb'])
  })

  test('the bytes still waiting are known, so that a restart reads them again', () => {
    const cutter = lineCutter(100)
    cutter.push(Buffer.from('one\ntwö'))
    expect(cutter.pendingBytes()).toBe(4)
    expect(cutter.finish().map(text)).toEqual(['twö'])
    expect(cutter.pendingBytes()).toBe(0)
  })

  test.prop([fc.array(fc.stringMatching(/^[a-zž\r]{0,12}$/)), fc.array(fc.nat({ max: 12 }))])(
    'however the bytes arrive, the lines are the same',
    (lines, sizes) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''))
      const whole = lineCutter(8).push(bytes).map(text)
      const cutter = lineCutter(8)
      const pieces: string[] = []
      let at = 0
      for (const size of sizes) {
        pieces.push(...cutter.push(bytes.subarray(at, at + size)).map(text))
        at = Math.min(bytes.length, at + size)
      }
      pieces.push(...cutter.push(bytes.subarray(at)).map(text))
      expect(pieces).toEqual(whole)
      expect(whole).toHaveLength(lines.length)
    },
  )
})
