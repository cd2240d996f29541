/**
 * The life of a query process: reads its order, finds the files, runs the statement within its limits, keeps the result,
 * and tells how far it is. It knows nothing of the agent but the task's directory.
 */
import { bytesOf, millisOf } from '@dunlin/contracts/agent'
import type { DuckDBConnection } from '@duckdb/node-api'
import { mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT_CONFIG, writeProblem } from '../pipeline/status-file.ts'
import { readText } from '../task-dir.ts'
import { openDatabase, prepareRead } from './duckdb.ts'
import { queryOrderSchema, type QueryOrder } from './order.ts'
import { classify, QueryError } from './problem.ts'
import { resultFile, writeProgress, writeResult, type QueryProgress } from './result-file.ts'
import { writeParquet, writeRows, type Written } from './write-result.ts'
import { findSources } from './sources.ts'

const MIB = 1024 ** 2
const DEFAULTS = { rows: 10_000, diskBytes: 1024 * MIB, timeoutMs: 300_000, resultBytes: 16 * MIB } as const
const PROGRESS_EVERY_MS = 250
const INTERRUPT_EVERY_MS = 100
/** DuckDB looks for an interrupt between batches; one that takes longer than this is not waited for. */
const HEED_WITHIN_MS = 5_000

/** Returns the exit code. `stopping` is aborted by SIGTERM. */
export const runQueryProcess = async (dir: string, stopping: AbortSignal): Promise<number> => {
  const startedMs = performance.now()
  try {
    const order = queryOrderSchema.parse(JSON.parse(readText(join(dir, 'query.json')) ?? ''))
    const format = order.config.result?.format ?? 'rows'
    const written = await run(dir, order, startedMs, stopping)
    const file = resultFile(format)
    renameSync(join(dir, `${file}.tmp`), join(dir, file))
    const millis = Math.round(performance.now() - startedMs)
    writeResult(dir, { attempt: order.attempt, format, file, ...written, millis })
    return 0
  } catch (error) {
    const { problem, permanent } = classify(error)
    writeProblem(dir, problem)
    process.stderr.write(`${problem.message}\n`)
    return permanent ? EXIT_CONFIG : 1
  }
}

const run = async (dir: string, order: QueryOrder, startedMs: number, stopping: AbortSignal): Promise<Written> => {
  const { attempt, config, memoryBytes, threads } = order
  const { limits = {}, result = {}, params = {} } = config
  const format = result.format ?? 'rows'
  const path = join(dir, `${resultFile(format)}.tmp`)
  const tell = teller(dir, attempt)
  tell('opening')
  const spillDir = join(dir, 'tmp', 'spill')
  mkdirSync(spillDir, { recursive: true, mode: 0o700 })
  const database = await openDatabase(findSources(order), {
    memoryBytes,
    threads,
    diskBytes: limits.disk === undefined ? DEFAULTS.diskBytes : bytesOf(limits.disk),
    spillDir,
    ...(format === 'parquet' ? { writable: path } : {}),
  })
  const { connection } = database
  const timeoutMs = limits.timeout === undefined ? DEFAULTS.timeoutMs : millisOf(limits.timeout)
  const guard = guardTime(connection, dir, startedMs + timeoutMs, timeoutMs, stopping)
  tell('running')
  const timer = setInterval(() => tell('running', connection.progress.percentage), PROGRESS_EVERY_MS)
  try {
    const prepared = await prepareRead(connection, config.sql, params)
    const rows = limits.rows ?? DEFAULTS.rows
    const bytes = result.max_bytes === undefined ? DEFAULTS.resultBytes : bytesOf(result.max_bytes)
    const onRows = (count: number): void => (tell.count(count), guard.check())
    return format === 'parquet'
      ? await writeParquet(await database.another(), prepared, path, { rows, bytes }, onRows)
      : await writeRows(prepared, format, path, { rows, bytes }, onRows)
  } catch (error) {
    guard.check()
    throw error
  } finally {
    clearInterval(timer)
    guard.end()
    rmSync(spillDir, { recursive: true, force: true })
  }
}

/** Interrupts the query at its deadline or when it is told to stop; `check` throws once that has happened. */
const guardTime = (
  connection: DuckDBConnection,
  dir: string,
  deadlineMs: number,
  timeoutMs: number,
  stopping: AbortSignal,
): { check(): void; end(): void } => {
  const problemNow = (): QueryError | undefined => {
    if (stopping.aborted) return new QueryError({ code: 'stopped', message: 'The query was told to stop.' }, false)
    if (performance.now() < deadlineMs) return undefined
    const hint = 'Raise config.limits.timeout, or let the query read less.'
    const message = `The query was not done within ${timeoutMs} ms (config.limits.timeout).`
    return new QueryError({ code: 'query_timeout', message, hint }, false)
  }
  let sinceMs: number | undefined
  const timer = setInterval(() => {
    const now = problemNow()
    if (now === undefined) return
    connection.interrupt()
    sinceMs ??= performance.now()
    if (performance.now() < sinceMs + HEED_WITHIN_MS) return
    writeProblem(dir, now.problem)
    process.exit(1)
  }, INTERRUPT_EVERY_MS)
  return {
    check: () => {
      const now = problemNow()
      if (now !== undefined) throw now
    },
    end: () => clearInterval(timer),
  }
}

interface Teller {
  (phase: QueryProgress['phase'], percent?: number): void
  count(rows: number): void
}

const teller = (dir: string, attempt: number): Teller => {
  let rows = 0
  const tell = (phase: QueryProgress['phase'], percent = -1): void => {
    // DuckDB says -1 before it has an estimate.
    const known = percent < 0 ? null : Math.round(percent * 10) / 10
    try {
      writeProgress(dir, { attempt, phase, percent: known, rows, at: Date.now() })
    } catch {
      // A full disk, say: nobody's query fails because nobody can be told how far it is.
    }
  }
  return Object.assign(tell, { count: (count: number) => void (rows = count) })
}
