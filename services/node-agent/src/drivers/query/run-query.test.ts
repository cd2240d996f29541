/** Queries on real DuckDB, in this process: what comes out, and what is refused. Processes are in query-driver.int.test.ts. */
import type { QueryConfig } from '@dunlin/contracts/agent'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { EXIT_CONFIG, readProblem } from '../pipeline/status-file.ts'
import { hasDuckdb } from './find-duckdb.ts'
import type { QueryOrder } from './order.ts'
import { readProgress, readResult } from './result-file.ts'

const available = hasDuckdb(import.meta.url)
if (!available) process.stdout.write('skipped: DuckDB (@duckdb/node-api) is not installed for this platform\n')

let folder: string
let dir: string
let tasks = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-query-'))
  mkdirSync(join(folder, 'logs', 'deep'), { recursive: true })
  writeFileSync(join(folder, 'logs', 'a.csv'), 'id,name,day\n1,"x, y",2026-01-02\n2,,2026-01-03\n')
  writeFileSync(
    join(folder, 'logs', 'one.jsonl'),
    '{"id":1,"tags":["a","b"],"level":"error"}\n{"id":2,"level":"info"}\n',
  )
  writeFileSync(join(folder, 'logs', 'deep', 'two.jsonl.gz'), gzipSync('{"id":3,"level":"error","late":true}\n'))
  writeFileSync(join(folder, 'logs', 'broken.csv'), 'id,name\n1,x\nnot a number,y\n')
  writeFileSync(join(folder, 'secret.csv'), 'id\n1\n')
  symlinkSync(join(folder, 'secret.csv'), join(folder, 'logs', 'link.csv'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
beforeEach(() => {
  dir = join(folder, `task-${tasks++}`)
  mkdirSync(dir)
})

const logs = (name: string): string => join(folder, 'logs', name)

const run = async (config: QueryConfig, over: Partial<QueryOrder> = {}) => {
  const order: QueryOrder = {
    attempt: 1,
    config,
    roots: [join(folder, 'logs')],
    pathMap: [],
    memoryBytes: 128 * 1024 ** 2,
    threads: 2,
    ...over,
  }
  writeFileSync(join(dir, 'query.json'), JSON.stringify(order))
  const { runQueryProcess } = await import('./run-query.ts')
  const code = await runQueryProcess(dir, new AbortController().signal)
  const result = readResult(dir)
  const text = result && result.format !== 'parquet' ? readFileSync(join(dir, result.file), 'utf8') : ''
  return { code, result, text, problem: readProblem(dir) }
}

const rowsOf = (text: string): unknown[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown)

describe.skipIf(!available)('a query', () => {
  it('gives rows of a CSV file, with numbers, texts, dates and nulls', async () => {
    const { code, result, text } = await run({
      sql: 'SELECT id, name, day, count(*) OVER () AS n FROM a ORDER BY id;',
      sources: { a: { path: logs('a.csv') } },
    })
    expect(code).toBe(0)
    expect(rowsOf(text)).toEqual([
      [1, 'x, y', '2026-01-02', 2],
      [2, null, '2026-01-03', 2],
    ])
    expect(result).toMatchObject({ attempt: 1, format: 'rows', rows: 2, truncated: false, bytes: text.length })
    expect(result?.columns).toEqual([
      { name: 'id', type: 'BIGINT' },
      { name: 'name', type: 'VARCHAR' },
      { name: 'day', type: 'DATE' },
      { name: 'n', type: 'BIGINT' },
    ])
    expect(readProgress(dir)).toMatchObject({ attempt: 1 })
  })

  it('joins many JSON files of different ages, compressed ones too, with parameters', async () => {
    const { text, code } = await run({
      sql: 'SELECT id, tags, late, parse_filename(filename) FROM logs WHERE level = $level AND id >= $least ORDER BY id',
      sources: { logs: { path: join(folder, 'logs', '**', '*.jsonl*'), format: 'json', filename: true } },
      params: { level: 'error', least: 1 },
    })
    expect(code).toBe(0)
    expect(rowsOf(text)).toEqual([
      [1, ['a', 'b'], null, 'one.jsonl'],
      [3, null, true, 'two.jsonl.gz'],
    ])
  })

  it('keeps whole numbers that JSON cannot hold as texts', async () => {
    const { text } = await run({ sql: 'SELECT 9007199254740993 AS big, 1.50::DECIMAL(9,2) AS money, {a: 7} AS nested' })
    expect(rowsOf(text)).toEqual([['9007199254740993', '1.50', { a: 7 }]])
  })

  it('writes CSV and JSON lines', async () => {
    const sql = `SELECT * FROM (VALUES (1, 'a "b", c'), (2, ''), (3, NULL)) t(id, name)`
    const csv = await run({ sql, result: { format: 'csv' } })
    expect(csv.text).toBe('id,name\r\n1,"a ""b"", c"\r\n2,""\r\n3,\r\n')
    expect(csv.result).toMatchObject({ file: 'result.csv', rows: 3, bytes: csv.text.length })
    const json = await run({ sql, result: { format: 'json' } })
    expect(rowsOf(json.text)[0]).toEqual({ id: 1, name: 'a "b", c' })
  })

  it('writes Parquet, which it reads again, and cuts it to its limit', async () => {
    const sql = 'SELECT i AS id, md5(i::VARCHAR) AS hash FROM range(50000) t(i)'
    const whole = await run({ sql, limits: { rows: 100_000 }, result: { format: 'parquet' } })
    expect(whole.result).toMatchObject({ rows: 50_000, truncated: false })
    const cut = await run({ sql, limits: { rows: 100_000 }, result: { format: 'parquet', max_bytes: '100KiB' } })
    expect(cut.result).toMatchObject({ truncated: 'bytes' })
    expect(cut.result?.bytes).toBeLessThanOrEqual(102_400)
    const { DuckDBInstance } = await import('@duckdb/node-api')
    const connection = await (await DuckDBInstance.create()).connect()
    const read = await connection.runAndReadAll(`SELECT count(*), max(id) FROM '${join(dir, 'result.parquet')}'`)
    expect(read.getRows()).toEqual([[BigInt(cut.result!.rows), BigInt(cut.result!.rows - 1)]])
    connection.closeSync()
  })

  it('stops at the limit of rows or bytes and says which', async () => {
    const sql = 'SELECT i FROM range(1000000000) t(i)'
    const rows = await run({ sql, limits: { rows: 5000 } })
    expect(rows.result).toMatchObject({ rows: 5000, truncated: 'rows' })
    const bytes = await run({ sql, limits: { rows: 1_000_000 }, result: { max_bytes: 4096 } })
    expect(bytes.result).toMatchObject({ truncated: 'bytes' })
    expect(bytes.text.length).toBeLessThanOrEqual(4096)
    expect(bytes.text.length).toBeGreaterThan(4000)
    const exact = await run({ sql: 'SELECT i FROM range(3) t(i)', limits: { rows: 3 } })
    expect(exact.result).toMatchObject({ rows: 3, truncated: false })
  })

  it('takes no file as an empty table where that is wanted', async () => {
    const source = { path: logs('none-*.csv'), columns: { id: 'BIGINT', name: 'VARCHAR' } }
    const missing = await run({ sql: 'SELECT count(*) FROM t', sources: { t: source } })
    expect(missing).toMatchObject({ code: 1, problem: { code: 'no_such_file' } })
    const empty = await run({ sql: 'SELECT count(*) FROM t', sources: { t: { ...source, optional: true } } })
    expect(empty.text).toBe('[0]\n')
  })

  it('ends at its timeout', async () => {
    const sql = 'SELECT count(*) FROM range(100000000000) a, range(1000) b'
    expect(await run({ sql, limits: { timeout: '300ms' } })).toMatchObject({
      code: 1,
      result: undefined,
      problem: { code: 'query_timeout', message: expect.stringContaining('300 ms') },
    })
  })

  it('ends when it would take more memory and disk than it has', async () => {
    const sql = `SELECT length(string_agg(md5(i::VARCHAR), ',')) FROM range(2000000) t(i)`
    const { code, problem } = await run({ sql, limits: { disk: 1 } }, { memoryBytes: 32 * 1024 ** 2 })
    expect(problem).toMatchObject({ code: 'out_of_memory' })
    expect(problem?.message).not.toContain('duckdb.org')
    expect(code).toBe(1)
  })
})

describe.skipIf(!available)('a query is refused for good', () => {
  const source = { a: { path: '' } }
  it.each([
    [
      'a syntax error',
      { sql: 'SELECT 1 +\n FROM (' },
      'invalid_query',
      /syntax error at or near "FROM" \(config.sql, line 2, column 2\)$/,
    ],
    ['an unknown table', { sql: 'SELECT * FROM nowhere' }, 'invalid_query', /nowhere does not exist/],
    [
      'an unknown column',
      { sql: 'SELECT wrong FROM range(3)' },
      'invalid_query',
      /^Binder Error: Referenced column "wrong" not found .*\(config.sql, line 1, column 8\)$/,
    ],
    ['a value that cannot be cast', { sql: `SELECT 'x'::INTEGER` }, 'invalid_query', /Conversion Error/],
    ['a missing parameter', { sql: 'SELECT $x' }, 'invalid_query', /uses \$x, which config.params does not give/],
    ['a parameter too many', { sql: 'SELECT 1', params: { y: 1 } }, 'invalid_query', /params.y is used nowhere/],
    ['a write', { sql: 'CREATE TABLE t AS SELECT 1' }, 'not_a_read', /kind CREATE/],
    ['a setting', { sql: `SET memory_limit = '8GB'` }, 'not_a_read', /kind SET/],
    ['two statements', { sql: 'SELECT 1; SELECT 2' }, 'not_a_read', /several/],
    ['a comment', { sql: '-- nothing' }, 'not_a_read', /no statement/],
    ['a file in the SQL', { sql: `SELECT * FROM read_text('/etc/passwd')` }, 'path_not_allowed', /\/etc\/passwd/],
    ['a search in the SQL', { sql: `SELECT * FROM glob('/etc/*')` }, 'path_not_allowed', /\/etc/],
    ['a write by COPY', { sql: `COPY (SELECT 1) TO '/tmp/out.csv'` }, 'path_not_allowed', /out.csv/],
  ] satisfies [string, QueryConfig, string, RegExp][])('%s', async (_, config, code, message) => {
    const ended = await run(config)
    expect(ended).toMatchObject({ code: EXIT_CONFIG, result: undefined, problem: { code } })
    expect(ended.problem?.message).toMatch(message)
  })

  it.each([
    ['outside', '../secret.csv'],
    ['a link that leads outside', 'link.csv'],
    ['among others', '*.csv'],
    ['with a way out behind a wildcard', 'd*/../../secret.csv'],
    ['elsewhere', '/etc/passwd'],
    ['elsewhere, not even there', '/etc/no-such-file'],
    ['everywhere', '/**/*.csv'],
  ])('a source that lies %s', async (_, path) => {
    const full = path.startsWith('/') ? path : `${folder}/logs/${path}`
    const ended = await run({ sql: 'SELECT * FROM a', sources: { a: { ...source.a, path: full, format: 'csv' } } })
    expect(ended).toMatchObject({ code: EXIT_CONFIG, problem: { code: 'path_not_allowed' } })
    expect(ended.problem?.message).toMatch(/^config\.sources\.a\.path: /)
  })

  it('any source on a node that allows none', async () => {
    const { problem } = await run({ sql: 'SELECT * FROM a', sources: { a: { path: logs('a.csv') } } }, { roots: [] })
    expect(problem).toMatchObject({ code: 'path_not_allowed', hint: expect.stringContaining('--query-root') })
  })

  it('though a file that does not hold what it should may be better next time', async () => {
    const sources = { a: { path: logs('broken.csv'), columns: { id: 'BIGINT', name: 'VARCHAR' } } }
    const broken = await run({ sql: 'SELECT sum(id) FROM a', sources })
    expect(broken).toMatchObject({ code: 1, problem: { code: 'unreadable_source' } })
    const without = { a: { ...sources.a, ignore_errors: true } }
    expect((await run({ sql: 'SELECT sum(id) FROM a', sources: without })).text).toBe('[1]\n')
  })
})
