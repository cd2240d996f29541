/** Writes rows as text until a limit is met: memory stays what one batch takes, however long the result is. */
import type { Json } from '@duckdb/node-api'
import { closeSync, openSync, writeSync } from 'node:fs'

export interface RowWriter {
  /** False when a limit is met: nothing more is wanted. */
  add(rows: readonly (readonly Json[])[]): boolean
  /** Closes the file and says what is in it. */
  end(): { readonly rows: number; readonly bytes: number; readonly truncated: false | 'rows' | 'bytes' }
}

export interface RowLimits {
  readonly rows: number
  readonly bytes: number
}

export type RowFormat = 'rows' | 'csv' | 'json'

export const createRowWriter = (
  path: string,
  format: RowFormat,
  columns: readonly string[],
  limits: RowLimits,
): RowWriter => {
  const file = openSync(path, 'w', 0o600)
  const line = lineOf(format, columns)
  let rows = 0
  let bytes = 0
  let truncated: false | 'rows' | 'bytes' = false
  const write = (part: string): void => {
    const buffer = Buffer.from(part)
    for (let at = 0; at < buffer.length;) at += writeSync(file, buffer, at)
    bytes += buffer.length
  }
  if (format === 'csv') write(`${columns.map(csvField).join(',')}\r\n`)
  return {
    add: (batch) => {
      let part = ''
      let size = bytes
      for (const row of batch) {
        if (truncated !== false) break
        const next = line(row)
        const length = Buffer.byteLength(next)
        if (rows === limits.rows) truncated = 'rows'
        else if (size + length > limits.bytes) truncated = 'bytes'
        else {
          part += next
          size += length
          rows += 1
        }
      }
      write(part)
      return truncated === false
    },
    end: () => {
      closeSync(file)
      return { rows, bytes, truncated }
    },
  }
}

const lineOf = (format: RowFormat, columns: readonly string[]): ((row: readonly Json[]) => string) => {
  if (format === 'rows') return (row) => `${JSON.stringify(row)}\n`
  if (format === 'csv') return (row) => `${row.map(csvField).join(',')}\r\n`
  return (row) => `${JSON.stringify(Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])))}\n`
}

/** NULL is nothing at all, an empty text is a pair of quotes. */
const csvField = (value: Json): string => {
  if (value === null) return ''
  const field = typeof value === 'object' ? JSON.stringify(value) : String(value)
  return field === '' || /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field
}
