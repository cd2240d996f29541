/** The result of a query as it lies in the task's directory; `docs/jobs/query.md` is the contract with whoever reads it. */
import { resultFormats } from '@dunlin/contracts/agent'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod/mini'
import { readText, writeAtomically } from '../task-dir.ts'

const resultSchema = z.object({
  attempt: z.int(),
  format: z.enum(resultFormats),
  /** Beside this file. */
  file: z.string(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  rows: z.int(),
  bytes: z.int(),
  truncated: z.union([z.literal(false), z.literal('rows'), z.literal('bytes')]),
  millis: z.int(),
})
export type QueryResult = z.output<typeof resultSchema>
export type ResultFormat = QueryResult['format']

const files: Readonly<Record<ResultFormat, string>> = {
  rows: 'result.rows',
  csv: 'result.csv',
  json: 'result.jsonl',
  parquet: 'result.parquet',
}
export const resultFile = (format: ResultFormat): string => files[format]

/** Undefined until the query is done. */
export const readResult = (dir: string): QueryResult | undefined => {
  try {
    return resultSchema.parse(JSON.parse(readText(join(dir, 'result.json')) ?? ''))
  } catch {
    return undefined
  }
}

export const writeResult = (dir: string, result: QueryResult): void =>
  writeAtomically(join(dir, 'result.json'), JSON.stringify(result))

/** What an earlier attempt left must not pass for the result of this one. */
export const removeResult = (dir: string): void => {
  for (const file of ['result.json', 'progress.json', ...Object.values(files).flatMap((name) => [name, `${name}.tmp`])])
    rmSync(join(dir, file), { force: true })
}

const progressSchema = z.object({
  attempt: z.int(),
  phase: z.enum(['opening', 'running', 'writing']),
  /** DuckDB's estimate; null while it has none. */
  percent: z.nullable(z.number()),
  /** Rows of the result so far. */
  rows: z.int(),
  /** ms since the epoch. */
  at: z.number(),
})
export type QueryProgress = z.output<typeof progressSchema>

export const readProgress = (dir: string): QueryProgress | undefined => {
  try {
    return progressSchema.parse(JSON.parse(readText(join(dir, 'progress.json')) ?? ''))
  } catch {
    return undefined
  }
}

export const writeProgress = (dir: string, progress: QueryProgress): void =>
  writeAtomically(join(dir, 'progress.json'), JSON.stringify(progress))
