/**
 * Binds DuckDB to a query's process. Whatever the SQL says, it reads the files that were found before and no others, loads
 * nothing, changes no setting, and holds no more memory than it was given.
 */
import { DuckDBInstance, StatementType, type DuckDBConnection, type DuckDBValue } from '@duckdb/node-api'
import { QueryError } from './problem.ts'
import type { FoundSource } from './sources.ts'
import { createView, text } from './views.ts'

export interface DatabaseLimits {
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly threads: number
  /** What does not fit into memory goes here. */
  readonly spillDir: string
  /** The one file that may be written. */
  readonly writable?: string
}

export interface Database {
  readonly connection: DuckDBConnection
  /** For statements while a result streams, which a second one on the same connection would end. */
  another(): Promise<DuckDBConnection>
}

export const openDatabase = async (
  sources: readonly FoundSource[],
  { memoryBytes, diskBytes, threads, spillDir, writable }: DatabaseLimits,
): Promise<Database> => {
  const instance = await DuckDBInstance.create(':memory:', {
    memory_limit: `${Math.floor(memoryBytes / 1024)}KiB`,
    threads: String(threads),
    temp_directory: spillDir,
    max_temp_directory_size: `${Math.floor(diskBytes / 1024)}KiB`,
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
  })
  const connection = await instance.connect()
  const files = [...sources.flatMap(({ files }) => files), ...(writable === undefined ? [] : [writable])]
  await connection.run(`SET allowed_paths = [${files.map(text).join(', ')}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
  for (const source of sources) await connection.run(createView(source))
  return { connection, another: () => instance.connect() }
}

/** One statement that reads, with all of its parameters bound; anything else is refused. */
export const prepareRead = async (
  connection: DuckDBConnection,
  sql: string,
  params: Readonly<Record<string, string | number | boolean | null>>,
) => {
  const statements = await statementsOf(connection, sql)
  if (statements.count !== 1) throw refused('config.sql holds several statements.')
  const prepared = await statements.prepare(0)
  if (prepared.statementType !== StatementType.SELECT)
    throw refused(`config.sql is a statement of the kind ${StatementType[prepared.statementType]}.`)
  const names = Array.from({ length: prepared.parameterCount }, (_, index) => prepared.parameterName(index + 1))
  const missing = names.filter((name) => !(name in params))
  const unused = Object.keys(params).filter((name) => !names.includes(name))
  if (missing.length > 0 || unused.length > 0) throw parameters(missing, unused)
  prepared.bind(Object.fromEntries(names.map((name) => [name, bound(params[name] ?? null)])))
  return prepared
}

const statementsOf = async (connection: DuckDBConnection, sql: string) => {
  try {
    return await connection.extractStatements(sql)
  } catch (error) {
    // All that the library says of a text without any statement.
    if (error instanceof Error && error.message === 'Error in native callback')
      throw refused('config.sql holds no statement.')
    throw error
  }
}

const bound = (value: string | number | boolean | null): DuckDBValue =>
  Number.isSafeInteger(value) ? BigInt(value as number) : value

const refused = (what: string): QueryError =>
  new QueryError(
    { code: 'not_a_read', message: what, hint: 'A query is one statement that reads: SELECT, WITH, FROM or VALUES.' },
    true,
  )

const parameters = (missing: readonly string[], unused: readonly string[]): QueryError => {
  const parts = [
    ...missing.map((name) => `config.sql uses $${name}, which config.params does not give`),
    ...unused.map((name) => `config.params.${name} is used nowhere in config.sql`),
  ]
  return new QueryError({ code: 'invalid_query', message: `${parts.join('; ')}.` }, true)
}
