/** Rows of a result from the pieces of its file, whatever its format. */
import { createCsvReader } from './csv.ts'

export type Row = Readonly<Record<string, unknown>>

export interface RowReader {
  /** Rows that this piece completes. */
  read(bytes: Uint8Array): Row[]
  /** What is left when the file is over. */
  end(): Row[]
}

/** Undefined when rows cannot be read from this format. */
export const createRowReader = (
  format: string,
  columns: readonly { readonly name: string }[],
): RowReader | undefined => {
  const names = columns.map(({ name }) => name)
  const rowOf = (values: readonly unknown[]): Row =>
    Object.fromEntries(names.map((name, i) => [name, values[i] ?? null]))
  if (format === 'rows') return byLine((line) => rowOf(JSON.parse(line) as unknown[]))
  if (format === 'json') return byLine((line) => JSON.parse(line) as Row)
  if (format !== 'csv') return undefined
  const decoder = new TextDecoder()
  const read = createCsvReader()
  let head = true
  /** The first row holds the names. */
  const rows = (found: string[][]): Row[] => {
    const values = head && found.length > 0 ? found.slice(1) : found
    head &&= found.length === 0
    return values.map(rowOf)
  }
  return {
    read: (bytes) => rows(read(decoder.decode(bytes, { stream: true }))),
    end: () => rows(read('')),
  }
}

const byLine = (parse: (line: string) => Row): RowReader => {
  const decoder = new TextDecoder()
  let rest = ''
  return {
    read: (bytes) => {
      const lines = (rest + decoder.decode(bytes, { stream: true })).split('\n')
      rest = lines.pop() ?? ''
      return lines.filter((line) => line !== '').map(parse)
    },
    end: () => (rest === '' ? [] : [parse(rest)]),
  }
}
