/** The query driver with real processes. */
import type { ExecutionId, QueryConfig } from '@dunlin/contracts/agent'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { Driver, Task } from '../driver.ts'
import { processEntry } from '../pipeline/entry.ts'
import { hasDuckdb } from './find-duckdb.ts'
import { queryDriver } from './query-driver.ts'
import { readProgress, readResult } from './result-file.ts'

const MAIN = new URL('../../main.ts', import.meta.url).href
const entry = processEntry('query-process', MAIN, ['--conditions=dunlin-source'])
const available = hasDuckdb(entry.entry)
if (!available) process.stdout.write('skipped: DuckDB (@duckdb/node-api) is not installed for this platform\n')

const LINES = 300_000
let folder: string
let driver: Driver
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-query-'))
  mkdirSync(join(folder, 'data'))
  driver = queryDriver({ ...entry, roots: [join(folder, 'data')], pathMap: [] })
  const file = openSync(join(folder, 'data', 'big.jsonl'), 'w')
  for (let from = 0; from < LINES; from += 10_000) writeSync(file, lines(from, from + 10_000))
  closeSync(file)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const lines = (from: number, to: number): string => {
  let text = ''
  for (let id = from; id < to; id++) text += `{"id":${id},"host":"host-${id % 97}","text":"line ${id} of many"}\n`
  return text
}

const taskOf = (name: string, config: QueryConfig, attempt = 1): Task => ({
  execution: `01JJJJJJJJJJJJJJJJJJJJJ${name}` as ExecutionId,
  job: { namespace: 'default', name: 'q' },
  attempt,
  content: { type: 'query', config, restartPolicy: 'on-failure', executionTimeoutMs: 0 },
  dir: join(folder, name),
  stateDir: join(folder, 'state'),
})

const start = (task: Task): Promise<void> =>
  driver.start(task, { onExit: () => {}, onProgress: () => {}, signal: new AbortController().signal })

const ended = async (task: Task) => {
  await vi.waitFor(() => expect(driver.inspect(task).is).not.toBe('running'), { timeout: 30_000, interval: 20 })
  await driver.stop(task, { graceMs: 0 })
  return driver.inspect(task)
}

const ENDLESS = 'SELECT count(*) FROM range(100000000000) a, range(1000) b'

describe.skipIf(!available)('the query driver', () => {
  it('refuses a bad config before anything is started', () => {
    expect(driver.prepare(taskOf('BAD', { sql: '' }).content)).toMatchObject({ code: 'invalid_config' })
  })

  it('sorts a file that is larger than its memory, and leaves the result in the task', async () => {
    const sources = { big: { path: join(folder, 'data', '*.jsonl') } }
    // A window over everything cannot stream: it has to be put aside.
    const sql = 'SELECT id, host, lag(id) OVER (ORDER BY text) AS before FROM big ORDER BY id DESC'
    const task = taskOf('BIG', { sql, sources, limits: { memory: '128MiB', rows: 2 }, result: { format: 'json' } })
    await start(task)
    expect(await ended(task)).toMatchObject({ is: 'exited', code: 0 })
    expect(readResult(task.dir)).toMatchObject({ attempt: 1, rows: 2, truncated: 'rows', file: 'result.jsonl' })
    const [first] = readFileSync(join(task.dir, 'result.jsonl'), 'utf8').split('\n')
    expect(JSON.parse(first ?? '')).toMatchObject({ id: LINES - 1, host: `host-${(LINES - 1) % 97}` })
    expect(existsSync(join(task.dir, 'tmp', 'spill'))).toBe(false)
  })

  it('tells how far it is, loses no word about an end by kill -9, and runs again', async () => {
    const task = taskOf('KILL', { sql: ENDLESS })
    await start(task)
    await vi.waitFor(() => expect(readProgress(task.dir)).toMatchObject({ attempt: 1, phase: 'running' }), 30_000)
    const inspected = driver.inspect(task)
    if (inspected.is !== 'running' || inspected.pid === undefined) throw new Error(`it is ${inspected.is}`)
    process.kill(inspected.pid, 'SIGKILL')
    expect(await ended(task)).toMatchObject({ is: 'exited', code: 137 })
    expect(readResult(task.dir)).toBeUndefined()
    const again = { ...task, attempt: 2, content: taskOf('KILL', { sql: 'SELECT 1 AS one' }).content }
    await start(again)
    expect(await ended(again)).toMatchObject({ is: 'exited', code: 0 })
    expect(readResult(task.dir)).toMatchObject({ attempt: 2, rows: 1 })
  })

  it('ends an endless query at its timeout, and at once when it is stopped', async () => {
    const limited = taskOf('LATE', { sql: ENDLESS, limits: { timeout: '1ms' } })
    const stopped = taskOf('STOP', { sql: ENDLESS })
    await Promise.all([start(limited), start(stopped)])
    await vi.waitFor(() => expect(readProgress(stopped.dir)?.phase).toBe('running'), 30_000)
    await driver.stop(stopped, { graceMs: 20_000 })
    expect(driver.inspect(stopped)).toMatchObject({ is: 'exited', code: 1, error: { code: 'stopped' } })
    expect(await ended(limited)).toMatchObject({ code: 1, permanent: false, error: { code: 'query_timeout' } })
  })

  it('fails for good, with the cause, where another attempt would end the same', async () => {
    const task = taskOf('PATH', { sql: 'SELECT * FROM p', sources: { p: { path: '/etc/passwd', format: 'csv' } } })
    await start(task)
    expect(await ended(task)).toMatchObject({ permanent: true, error: { code: 'path_not_allowed' } })
  })
})
