/** Rows of many nodes in one form, with a column that says whose they are. */
import { table } from '../output/table.ts'
import { csvLine } from './csv.ts'
import type { Row } from './rows.ts'

export const resultForms = ['table', 'json', 'jsonl', 'csv'] as const
export type ResultForm = (typeof resultForms)[number]

export interface RowPrinter {
  /** Columns that a node's rows have, before its first row. Gives those that this form has no room for any more. */
  columns(names: readonly string[]): string[]
  row(node: string, row: Row): void
  end(): void
}

/** A table is as wide as its widest cells, so its rows wait; more than these are no table that anybody reads. */
const MOST_TABLE_ROWS = 10_000

export const createRowPrinter = (
  form: ResultForm,
  out: (text: string) => void,
  err: (text: string) => void,
): RowPrinter => {
  if (form === 'table') return tablePrinter(out, err)
  if (form === 'csv') return csvPrinter(out)
  let count = 0
  const [begin, between, end] = form === 'json' ? ['[\n', ',\n', '\n]\n'] : ['', '\n', '\n']
  return {
    columns: () => [],
    row: (node, row) => {
      out(`${count === 0 ? begin : between}${JSON.stringify({ node, ...row })}`)
      count += 1
    },
    end: () => {
      if (count > 0) out(end)
      else if (form === 'json') out('[]\n')
    },
  }
}

/** The head stands first, so the first node's columns are those of all. */
const csvPrinter = (out: (text: string) => void): RowPrinter => {
  let names: readonly string[] | undefined
  return {
    columns: (found) => {
      if (names === undefined) {
        names = found
        out(csvLine(['node', ...names]))
      }
      return found.filter((name) => !names?.includes(name))
    },
    row: (node, row) => out(csvLine([node, ...(names ?? []).map((name) => row[name])])),
    end: () => {},
  }
}

const tablePrinter = (out: (text: string) => void, err: (text: string) => void): RowPrinter => {
  const names = new Set<string>()
  const rows: { readonly node: string; readonly row: Row }[] = []
  let more = 0
  return {
    columns: (found) => {
      for (const name of found) names.add(name)
      return []
    },
    row: (node, row) => {
      if (rows.length < MOST_TABLE_ROWS) rows.push({ node, row })
      else more += 1
    },
    end: () => {
      const numeric = (name: string): boolean =>
        rows.every(({ row }) => ['number', 'object'].includes(typeof row[name]))
      const columns = [...names].map((name) => ({
        head: name,
        cell: ({ row }: (typeof rows)[number]) => cellText(row[name]),
        right: rows.length > 0 && numeric(name),
      }))
      if (names.size > 0) out(table([{ head: 'NODE', cell: ({ node }) => node }, ...columns], rows, { headers: true }))
      if (more > 0) err(`${more} more rows are not shown; -o csv and -o jsonl show all\n`)
    },
  }
}

const cellText = (value: unknown): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value)
