/** Plain columns, as wide as they must be, two spaces apart; the last one is not padded. */

export interface Column<T> {
  readonly head: string
  readonly cell: (row: T) => string
  /** Colours a cell after its width is known. */
  readonly paint?: (text: string, row: T) => string
  readonly right?: boolean
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
/** Columns that a text takes on a terminal: wide East Asian letters and emoji take two. */
export const widthOf = (text: string): number => {
  let width = 0
  for (const { segment } of graphemes.segment(text))
    width +=
      /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Extended_Pictographic}/u.test(
        segment,
      )
        ? 2
        : 1
  return width
}

/** Control characters of names and messages must not reach the terminal. */
export const printable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '\uFFFD')

export const table = <T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  options: { readonly headers: boolean },
): string => {
  const cells = rows.map((row) => columns.map((column) => printable(column.cell(row))))
  const widths = columns.map((column, i) =>
    Math.max(options.headers ? widthOf(column.head) : 0, ...cells.map((row) => widthOf(row[i] ?? ''))),
  )
  const pad = (text: string, shown: string, i: number): string => {
    const space = ' '.repeat(Math.max(0, (widths[i] ?? 0) - widthOf(text)))
    if (columns[i]?.right) return space + shown
    return i === columns.length - 1 ? shown : shown + space
  }
  const head = columns.map((column, i) => pad(column.head, column.head, i)).join('  ')
  const lines = cells.map((row, r) =>
    row.map((text, i) => pad(text, columns[i]?.paint?.(text, rows[r] as T) ?? text, i)).join('  '),
  )
  return [...(options.headers ? [head] : []), ...lines].map((line) => `${line.trimEnd()}\n`).join('')
}
