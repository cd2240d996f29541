import { fc, test } from '@fast-check/vitest'
import { expect } from 'vitest'
import { placeOf } from './source.ts'

test.prop([fc.array(fc.constantFrom('a', '\n', '\r', 'é', '🙂')), fc.array(fc.nat())])(
  'a place is the number of line ends before it, and of characters since the last',
  (characters, places) => {
    const text = characters.join('')
    for (const at of [0, text.length, ...places.map((n) => n % (text.length + 1))]) {
      const lines = text.slice(0, at).split('\n')
      expect(placeOf(text, at)).toEqual({ line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 })
    }
  },
)
