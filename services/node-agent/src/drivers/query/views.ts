/** The SQL that makes each source a table of the query. Pure text; names and paths are quoted here and nowhere else. */
import type { FoundSource } from './sources.ts'

export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`
export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const list = (values: readonly string[]): string => `[${values.map(text).join(', ')}]`

export const createView = (found: FoundSource): string => {
  const { name, files } = found
  return `CREATE VIEW ${quoted(name)} AS ${files.length === 0 ? emptyTable(found) : `SELECT * FROM ${reader(found)}`}`
}

const emptyTable = ({ source }: FoundSource): string => {
  const columns = Object.entries(source.columns ?? {}).map(([name, type]) => `NULL::${type} AS ${quoted(name)}`)
  if (source.filename === true) columns.push('NULL::VARCHAR AS filename')
  return `SELECT ${columns.join(', ')} WHERE false`
}

const reader = ({ source, format, files }: FoundSource): string => {
  const options: Record<string, string | undefined> = {
    filename: flag(source.filename),
    // Files of one source are written over years: a column that came later is NULL in the older ones.
    union_by_name: files.length > 1 && source.columns === undefined ? 'true' : undefined,
    ignore_errors: flag(source.ignore_errors),
    columns: format !== 'parquet' && source.columns ? columnTypes(source.columns) : undefined,
    delim: source.delimiter === undefined ? undefined : text(source.delimiter),
    header: flag(source.header),
    quote: source.quote === undefined ? undefined : text(source.quote),
    nullstr: source.null_text === undefined ? undefined : text(source.null_text),
  }
  const given = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]))
  return `read_${format}(${[list(files), ...given].join(', ')})`
}

const flag = (value: boolean | undefined): string | undefined => (value === undefined ? undefined : String(value))

const columnTypes = (columns: Readonly<Record<string, string>>): string =>
  `{${Object.entries(columns)
    .map(([name, type]) => `${text(name)}: ${text(type)}`)
    .join(', ')}}`
