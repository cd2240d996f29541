/** CSV as RFC 4180 has it: read in pieces of any size, written one row at a time. */

/** Gives the rows that a piece completes; an empty piece at the end completes a row without a newline. */
export const createCsvReader = (): ((piece: string) => string[][]) => {
  let row: string[] = []
  let cell = ''
  let quoted = false
  /** A quote was seen inside quotes: its end, or half of a quote that belongs to the cell. */
  let closing = false
  let any = false
  const endCell = (): void => {
    row.push(cell)
    cell = ''
  }
  return (piece) => {
    const rows: string[][] = []
    const endRow = (): void => {
      endCell()
      rows.push(row)
      row = []
      any = false
    }
    for (const char of piece) {
      if (closing) {
        closing = false
        if (char === '"') {
          cell += char
          continue
        }
        quoted = false
      }
      if (quoted) {
        if (char === '"') closing = true
        else cell += char
      } else if (char === '"' && cell === '') {
        quoted = true
        any = true
      } else if (char === ',') {
        endCell()
        any = true
      } else if (char === '\n') endRow()
      else if (char !== '\r') {
        cell += char
        any = true
      }
    }
    if (piece === '' && any) endRow()
    return rows
  }
}

const csvCell = (value: unknown): string => {
  if (value === null || value === undefined) return ''
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

export const csvLine = (values: readonly unknown[]): string => `${values.map(csvCell).join(',')}\r\n`
