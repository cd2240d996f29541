/** Brings what a statement gives into the result's file, within the limits of rows and bytes. */
import type { DuckDBConnection, DuckDBPreparedStatement, DuckDBResult } from '@duckdb/node-api'
import { statSync } from 'node:fs'
import { QueryError } from './problem.ts'
import type { QueryResult } from './result-file.ts'
import { createRowWriter, type RowFormat, type RowLimits } from './row-writer.ts'
import { toJson } from './values.ts'
import { quoted, text } from './views.ts'

export type Written = Pick<QueryResult, 'columns' | 'rows' | 'bytes' | 'truncated'>

/** Row by row as DuckDB finds them: nothing is held, and what is beyond a limit is never asked for. */
export const writeRows = async (
  prepared: DuckDBPreparedStatement,
  format: RowFormat,
  path: string,
  limits: RowLimits,
  onRows: (count: number) => void,
): Promise<Written> => {
  const result = await prepared.stream()
  const columns = columnsOf(result)
  const names = columns.map(({ name }) => name)
  const writer = createRowWriter(path, format, names, limits)
  let count = 0
  for await (const rows of result.yieldConvertedRows(toJson)) {
    count += rows.length
    onRows(count)
    if (!writer.add(rows)) break
  }
  return { columns, ...writer.end() }
}

const TABLE = 'dunlin_result'

/** A Parquet file cannot be cut: the rows are kept in a table first, and written again with fewer of them until it fits. */
export const writeParquet = async (
  /** Another than the one that the statement runs on. */
  connection: DuckDBConnection,
  prepared: DuckDBPreparedStatement,
  path: string,
  limits: RowLimits,
  onRows: (count: number) => void,
): Promise<Written> => {
  const result = await prepared.stream()
  const columns = columnsOf(result)
  const untyped = columns.find(({ type }) => type === 'SQLNULL')
  if (untyped !== undefined) throw noType(untyped.name)
  const definitions = columns.map(({ name, type }) => `${quoted(name)} ${type}`)
  await connection.run(`CREATE TABLE ${TABLE} (${definitions.join(', ')})`)
  const appender = await connection.createAppender(TABLE)
  let count = 0
  for (let chunk = await result.fetchChunk(); chunk !== null && chunk.rowCount > 0; chunk = await result.fetchChunk()) {
    appender.appendDataChunk(chunk)
    count += chunk.rowCount
    onRows(count)
    if (count > limits.rows) break
  }
  appender.flushSync()
  appender.closeSync()
  let rows = Math.min(count, limits.rows)
  let truncated: Written['truncated'] = count > rows ? 'rows' : false
  for (;;) {
    await connection.run(
      `COPY (SELECT * FROM ${TABLE} LIMIT ${rows}) TO ${text(path)} (FORMAT parquet, USE_TMP_FILE false)`,
    )
    onRows(rows)
    const bytes = statSync(path).size
    if (bytes <= limits.bytes || rows === 0) return { columns, rows, bytes, truncated }
    truncated = 'bytes'
    rows = Math.min(rows - 1, Math.floor((rows * limits.bytes * 0.95) / bytes))
  }
}

const columnsOf = (result: DuckDBResult): Written['columns'] =>
  result.deduplicatedColumnNames().map((name, index) => ({ name, type: String(result.columnType(index)) }))

const noType = (name: string): QueryError =>
  new QueryError(
    {
      code: 'invalid_query',
      message: `The column ${name} is NULL without a type, which a Parquet file cannot hold.`,
      hint: `Give it one: NULL::INTEGER AS ${name}.`,
    },
    true,
  )
