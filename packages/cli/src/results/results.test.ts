import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { createCsvReader, csvLine } from './csv.ts'
import { createRowPrinter, type ResultForm } from './printer.ts'
import { createRowReader } from './rows.ts'

const cell = fc.string({ unit: fc.constantFrom('a', 'é', '"', ',', '\n', '\r\n', ' ') })
const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 })

/** A text in pieces: cut at these places, wherever they fall. */
const pieces = (text: string, cuts: readonly number[]): string[] => {
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].toSorted((a, b) => a - b)
  return places.slice(1).map((end, i) => text.slice(places[i], end))
}

test.prop([rows, fc.array(fc.nat())])('CSV that was written is read again, however it is cut', (table, cuts) => {
  const read = createCsvReader()
  const found = pieces(table.map(csvLine).join(''), cuts)
    .filter((piece) => piece !== '')
    .flatMap((piece) => read(piece))
  expect([...found, ...read('')]).toEqual(table)
})

describe('rows', () => {
  const columns = [{ name: 'service' }, { name: 'errors' }]
  const read = (format: string, text: string) => {
    const reader = createRowReader(format, columns)
    if (reader === undefined) return undefined
    const bytes = new TextEncoder().encode(text)
    // One byte at a time: no place of a cut may matter.
    return [...Array.from(bytes, (_, i) => reader.read(bytes.subarray(i, i + 1))).flat(), ...reader.end()]
  }

  it.each([
    ['rows', '["é",2]\n["b",null]\n', 2],
    ['json', '{"service":"é","errors":2}\n{"service":"b","errors":null}\n', 2],
    ['csv', 'service,errors\r\né,2\r\nb,', '2'],
  ])('are read from the format %s', (format, text, two) => {
    const nothing = format === 'csv' ? '' : null
    expect(read(format, text)).toEqual([
      { service: 'é', errors: two },
      { service: 'b', errors: nothing },
    ])
  })

  it('are not read from a format that is none of rows', () => expect(read('parquet', '')).toBeUndefined())
})

describe('a printer', () => {
  const print = (form: ResultForm) => {
    let out = ''
    const printer = createRowPrinter(
      form,
      (text) => void (out += text),
      () => {},
    )
    const lacking = [printer.columns(['a']), printer.columns(['b', 'a'])].flat()
    printer.row('n1', { a: 1 })
    printer.row('n2', { b: 'x, y', a: 2 })
    printer.end()
    return { out, lacking }
  }
  it('names the node of each row in every form, and says which columns have no place', () => {
    expect(print('table')).toEqual({ out: 'NODE  a  b\nn1    1\nn2    2  x, y\n', lacking: [] })
    expect(print('csv')).toEqual({ out: 'node,a\r\nn1,1\r\nn2,2\r\n', lacking: ['b'] })
    expect(print('jsonl').out).toBe('{"node":"n1","a":1}\n{"node":"n2","b":"x, y","a":2}\n')
    expect(JSON.parse(print('json').out)).toEqual([
      { node: 'n1', a: 1 },
      { node: 'n2', b: 'x, y', a: 2 },
    ])
  })
  it('gives an empty list where nobody has rows', () => {
    let out = ''
    createRowPrinter(
      'json',
      (text) => void (out += text),
      () => {},
    ).end()
    expect(JSON.parse(out)).toEqual([])
  })
})
