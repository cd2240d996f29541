/**
 * `config` of a query job: one SELECT over files of the node. Written with zod/mini, because the same definition refuses a
 * bad config when a job is applied and again on the node; the SQL itself is read by DuckDB on the node.
 */
import * as z from 'zod/mini'
import { durationText, sizeValue } from './amounts.ts'
import { namingFields } from './known-names.ts'

const text = (max: number) =>
  z.string().check(
    z.maxLength(max),
    z.refine((value) => !value.includes('\0'), 'holds a NUL'),
    z.refine((value) => value.trim() !== '', 'must not be empty'),
  )

/** Unquoted in SQL, so that nobody has to think of quotes; `main` and the like would hide what DuckDB brings. */
const tableName = z
  .string()
  .check(z.regex(/^[A-Za-z_][A-Za-z0-9_]{0,62}$/, 'a name is made of letters, digits and _, no digit first'))
const oneChar = z.string().check(z.length(1))

const csvOnly = ['delimiter', 'header', 'quote', 'null_text'] as const

export const queryFormats = ['csv', 'json', 'parquet'] as const
export const resultFormats = ['rows', 'csv', 'json', 'parquet'] as const

const sourceShape = {
  /** Absolute; `*`, `?`, `[...]` and `**` match as in a shell. Below a root that the node lets queries read. */
  path: text(4096).check(z.refine((path) => path.startsWith('/'), 'expected an absolute path')),
  /** Told by the ending of the path where absent: .csv .tsv, .json .jsonl .ndjson, .parquet; .gz may follow. */
  format: z.optional(z.enum(queryFormats, { error: `expected one of ${queryFormats.join(', ')}` })),
  /** No file is then an empty table; its columns must be given. */
  optional: z.optional(z.boolean()),
  /** Column types by name, as DuckDB writes them. Unset: found out from the first rows. */
  columns: z.optional(
    z
      .record(
        z.string().check(z.minLength(1), z.maxLength(256)),
        z.string().check(z.regex(/^[A-Za-z][A-Za-z0-9_ (),[\]]{0,255}$/, 'expected a type of DuckDB, like BIGINT')),
      )
      .check(z.refine((columns) => Object.keys(columns).length > 0, 'names no column')),
  ),
  /** Adds a column `filename`. */
  filename: z.optional(z.boolean()),
  /** Rows that do not fit are left out rather than failing the query (csv, json). */
  ignore_errors: z.optional(z.boolean()),
  /** csv only. */
  delimiter: z.optional(oneChar),
  header: z.optional(z.boolean()),
  quote: z.optional(oneChar),
  null_text: z.optional(z.string().check(z.maxLength(64))),
}
const source = z.strictObject(sourceShape, namingFields(sourceShape)).check(
  z.refine((value) => formatOf(value) !== undefined, {
    path: ['format'],
    error: `the ending of the path tells no format; expected one of ${queryFormats.join(', ')}`,
  }),
  z.refine((value) => value.optional !== true || value.columns !== undefined, {
    path: ['columns'],
    error: 'must be given when the source is optional: nothing else says what its columns are',
  }),
  z.refine((value) => formatOf(value) !== 'parquet' || value.columns === undefined || value.optional === true, {
    path: ['columns'],
    error: 'are told by the Parquet file itself',
  }),
  z.refine((value) => formatOf(value) === 'csv' || csvOnly.every((field) => value[field] === undefined), {
    error: `${csvOnly.join(', ')} are for csv only`,
  }),
  z.refine((value) => formatOf(value) !== 'parquet' || value.ignore_errors === undefined, {
    path: ['ignore_errors'],
    error: 'is for csv and json only',
  }),
)
export type QueryFormat = (typeof queryFormats)[number]

const endings: readonly (readonly [RegExp, QueryFormat])[] = [
  [/\.(csv|tsv)(\.(gz|zst))?$/i, 'csv'],
  [/\.(json|jsonl|ndjson)(\.(gz|zst))?$/i, 'json'],
  [/\.parquet$/i, 'parquet'],
]

/** The format as given, or as the ending of the path tells it. */
export const formatOf = ({ path, format }: Pick<QuerySource, 'path' | 'format'>): QueryFormat | undefined =>
  format ?? endings.find(([ending]) => ending.test(path))?.[1]

const MOST_RESULT_BYTES = 1024 ** 3
const limitsShape = {
  /** Rows of the result; what is more is left out and the result says `truncated`. 10,000 where absent. */
  rows: z.optional(z.int().check(z.minimum(1), z.maximum(10_000_000))),
  /** What DuckDB may hold in memory; what does not fit goes to the task's directory. `resources.memory` or 512 MiB where absent. Reading JSON takes 32 MiB a thread. */
  memory: z.optional(sizeValue({ min: 64 * 1024 ** 2 })),
  /** What may go to the task's directory while it runs. 1 GiB where absent. */
  disk: z.optional(sizeValue()),
  /** Of the whole query; 5 min where absent. */
  timeout: z.optional(durationText({ minMs: 1 })),
  /** `resources.cpus`, rounded up, or 2 where absent. */
  threads: z.optional(z.int().check(z.minimum(1), z.maximum(256))),
}
const resultShape = {
  /** rows: for `dunlin job results`; the others are a file that is kept on the node. */
  format: z.optional(z.enum(resultFormats, { error: `expected one of ${resultFormats.join(', ')}` })),
  /** What the result may take on the node's disk; what is more is left out. 16 MiB where absent. */
  max_bytes: z.optional(sizeValue({ min: 1024, max: MOST_RESULT_BYTES })),
}

const shape = {
  /** One statement that reads: SELECT, WITH, FROM, VALUES. */
  sql: text(64 * 1024),
  /** Tables of the query by name. */
  sources: z.optional(
    z.record(tableName, source).check(z.refine((sources) => Object.keys(sources).length <= 64, 'are more than 64')),
  ),
  /** Values of `$name` in the SQL. */
  params: z.optional(
    z.record(tableName, z.union([z.string().check(z.maxLength(64 * 1024)), z.number(), z.boolean(), z.null()])),
  ),
  limits: z.optional(z.strictObject(limitsShape, namingFields(limitsShape))),
  result: z.optional(z.strictObject(resultShape, namingFields(resultShape))),
}
export const queryConfigSchema = z.strictObject(shape, namingFields(shape))
export type QueryConfig = z.infer<typeof queryConfigSchema>
export type QuerySource = z.infer<z.ZodMiniObject<typeof sourceShape>>
