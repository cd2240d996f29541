import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { age } from './format.ts'
import { table, widthOf } from './table.ts'

const columns = [
  { head: 'NAME', cell: (row: string[]) => row[0] ?? '' },
  { head: 'N', cell: (row: string[]) => row[1] ?? '', right: true },
]

describe('table', () => {
  it('aligns columns, right where asked, and leaves no trailing space', () => {
    const text = table(
      columns,
      [
        ['short', '7'],
        ['a-longer-name', '120'],
      ],
      { headers: true },
    )
    expect(text).toBe('NAME             N\nshort            7\na-longer-name  120\n')
  })

  it('counts wide letters as two columns', () => {
    expect(widthOf('日本')).toBe(4)
    expect(widthOf('é')).toBe(1)
  })

  test.prop([fc.array(fc.tuple(fc.string(), fc.string()))])(
    'gives one line per row, and no control character of a cell',
    (rows) => {
      const text = table(
        columns,
        rows.map((row) => [...row]),
        { headers: false },
      )
      expect(text.split('\n')).toHaveLength(rows.length + 1)
      expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u)
    },
  )
})

describe('age', () => {
  it.each([
    [5_000, '5s'],
    [200_000, '3m'],
    [8_000_000, '2h'],
    [900_000_000, '10d'],
  ])('%d ms is %s', (ms, text) => {
    expect(age(new Date(1_000_000_000_000 - ms).toISOString(), 1_000_000_000_000)).toBe(text)
  })
})
