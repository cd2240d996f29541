// Whole pipelines on real files in a temporary directory.
import { appendFile, mkdir, mkdtemp, readFile, rename, rm, truncate, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { PipelinePorts } from '../components/types.ts'
import { parsePipelineConfig } from '../config/parse.ts'
import { startPipeline, type RunningPipeline } from './start.ts'

const LOG_PROCESSOR = 'root = this\nroot.processed_at = now()\n'

let directory: string
let printed: string[]
let state: unknown
let running: RunningPipeline[]

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'dunlin-pipeline-'))
  await mkdir(join(directory, 'var/log/app'), { recursive: true })
  printed = []
  state = undefined
  running = []
})

afterEach(async () => {
  await Promise.all(running.map((one) => one.stop()))
  await rm(directory, { recursive: true, force: true })
})

const logFile = (name: string): string => join(directory, 'var/log/app', name)

function ports(over: Partial<PipelinePorts> = {}): PipelinePorts {
  return {
    now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678),
    monotonicMs: () => performance.now(),
    random: () => 0,
    uuid: () => '00000000-0000-4000-8000-000000000000',
    env: () => undefined,
    stdout: {
      write(chunk, callback) {
        printed.push(...chunk.split('\n').slice(0, -1))
        callback()
      },
    },
    mapPath: (path) => join(directory, path),
    state: { load: () => structuredClone(state), save: (next) => void (state = structuredClone(next)) },
    log: () => undefined,
    ...over,
  }
}

function start(
  over: { mapping?: string; file?: object; output?: object; ports?: Partial<PipelinePorts> } = {},
): RunningPipeline {
  const parsed = parsePipelineConfig({
    input: { file: { paths: ['/var/log/app/*.log'], poll_interval: '10ms', ...over.file } },
    output: over.output ?? { stdout: {} },
    pipeline: { processors: [{ mapping: over.mapping ?? 'root = this' }] },
  })
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems))
  const pipeline = startPipeline(parsed.config, ports(over.ports))
  running.push(pipeline)
  return pipeline
}

/** What was printed, once it is that many lines. */
async function lines(count: number): Promise<readonly string[]> {
  await vi.waitFor(() => expect(printed.length).toBeGreaterThanOrEqual(count), { timeout: 10_000, interval: 5 })
  return printed
}

describe('the log-processor job', () => {
  test('maps every line, and counts one that is not JSON as failed while it flows on', async () => {
    process.env['TZ'] = 'UTC'
    await writeFile(logFile('a.log'), '{"level":"info","n":1.50}\nplain text\n')
    const pipeline = start({ mapping: LOG_PROCESSOR })
    expect(await lines(2)).toEqual([
      '{"level":"info","n":1.50,"processed_at":"2026-01-02T03:04:05.678Z"}',
      'plain text',
    ])
    expect(pipeline.counters()).toMatchObject({
      received: 2,
      delivered: 2,
      failed: 1,
      dropped: 0,
      inputConnected: true,
    })
    await pipeline.stop()
    expect(await pipeline.done).toEqual({ kind: 'stopped', reason: 'asked to stop' })
  })

  test('a deleted message is neither delivered nor failed', async () => {
    await writeFile(logFile('a.log'), '{"keep":true}\n{"keep":false}\n')
    const pipeline = start({ mapping: 'root = if !this.keep { deleted() }', file: { follow: false } })
    expect(await pipeline.done).toMatchObject({ kind: 'completed' })
    expect(pipeline.counters()).toMatchObject({ received: 2, delivered: 1, failed: 0, dropped: 1 })
  })
})

describe('following files', () => {
  test('no file yet is waiting, not trouble; a new file is found', async () => {
    const pipeline = start()
    await vi.waitFor(() => expect(pipeline.counters()).toMatchObject({ received: 0, inputConnected: true }), 20_000)
    await writeFile(logFile('late.log'), '{"late":1}\n')
    expect(await lines(1)).toEqual(['{"late":1}'])
  })

  test('appended lines are read, an unfinished one only once it is finished', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n{"n":')
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await appendFile(logFile('a.log'), '2}\n{"n":3}\n')
    expect(await lines(3)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  test('a rotated file is read to its end under its new name, and its successor from its beginning', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await rename(logFile('a.log'), logFile('a.log.1'))
    await appendFile(logFile('a.log.1'), '{"n":2}\n')
    expect(await lines(2)).toEqual(['{"n":1}', '{"n":2}'])
    await writeFile(logFile('a.log'), '{"n":3}\n')
    expect(await lines(3)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  test('a truncated file is read from its beginning', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n{"n":2}\n')
    start()
    expect(await lines(2)).toEqual(['{"n":1}', '{"n":2}'])
    await truncate(logFile('a.log'))
    await appendFile(logFile('a.log'), '{"n":3}\n')
    expect(await lines(3)).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  test('a file written anew with more bytes than before is noticed as well', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await writeFile(logFile('a.log'), '{"m":1}\n{"m":2}\n{"m":3}\n')
    expect(await lines(4)).toEqual(['{"n":1}', '{"m":1}', '{"m":2}', '{"m":3}'])
  })

  test('a file put in the place of another is read from its beginning', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await writeFile(logFile('next'), '{"n":2}\n')
    await rename(logFile('next'), logFile('a.log'))
    expect(await lines(2)).toEqual(['{"n":1}', '{"n":2}'])
  })

  test('a line beyond the limit counts as failed, and the next one is read', async () => {
    await writeFile(logFile('a.log'), `{"n":"${'x'.repeat(200_000)}"}\n{"n":1}\n`)
    const pipeline = start({ file: { scanner: { lines: { max_buffer_size: 1000 } } } })
    expect(await lines(1)).toEqual(['{"n":1}'])
    expect(pipeline.counters()).toMatchObject({ received: 2, delivered: 1, failed: 1 })
  })

  test('bytes that are not UTF-8 are repaired', async () => {
    await writeFile(logFile('a.log'), Buffer.from([0x22, 0x61, 0xff, 0x22, 0x0a]))
    start({ mapping: 'root.text = this' })
    expect(await lines(1)).toEqual(['{"text":"a\ufffd"}'])
  })

  test('what cannot be read is said, and does not stop the rest', async () => {
    await mkdir(logFile('directory'))
    await writeFile(logFile('a.log'), '{"n":1}\n')
    const pipeline = start({ file: { paths: ['/var/log/app/*.log', '/var/log/app/directory'] } })
    expect(await lines(1)).toEqual(['{"n":1}'])
    expect(pipeline.counters()).toMatchObject({
      inputConnected: false,
      reasons: [expect.stringContaining('directory')],
    })
    await rm(logFile('directory'), { recursive: true })
    await vi.waitFor(() => expect(pipeline.counters().inputConnected).toBe(true), { timeout: 10_000 })
  })

  test('a bounded pipeline reads everything, the unfinished last line too, and ends', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n{"n":2}')
    const pipeline = start({ file: { follow: false } })
    expect(await pipeline.done).toEqual({ kind: 'completed', reason: 'the input ended' })
    expect(printed).toEqual(['{"n":1}', '{"n":2}'])
  })

  test('metadata says which file a line came from', async () => {
    await writeFile(logFile('a.log'), '{}\n')
    start({ mapping: 'root.path = metadata("path").split("/").index(-1)' })
    expect(await lines(1)).toEqual(['{"path":"a.log"}'])
  })
})

describe('restarting', () => {
  test('goes on where it stopped, and reads an unfinished line from its beginning', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n{"n":')
    const first = start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await first.stop()
    await appendFile(logFile('a.log'), '2}\n')
    start()
    expect(await lines(2)).toEqual(['{"n":1}', '{"n":2}'])
  })

  test('knows a file by what it is, not by its name', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    const first = start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await first.stop()
    await rename(logFile('a.log'), logFile('b.log'))
    await appendFile(logFile('b.log'), '{"n":2}\n')
    await writeFile(logFile('a.log'), '{"n":3}\n')
    start()
    expect((await lines(3)).toSorted()).toEqual(['{"n":1}', '{"n":2}', '{"n":3}'])
  })

  test('reads a file anew that only has the inode of the one before', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    const first = start()
    expect(await lines(1)).toEqual(['{"n":1}'])
    await first.stop()
    // Written in place: the same inode, another file.
    await writeFile(logFile('a.log'), '{"m":1}\n{"m":2}\n')
    start()
    expect(await lines(3)).toEqual(['{"n":1}', '{"m":1}', '{"m":2}'])
  })

  test('a saved state that is not understood means reading anew', async () => {
    state = { version: 99 }
    await writeFile(logFile('a.log'), '{"n":1}\n')
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
  })
})

describe('outputs', () => {
  test('a file gets the lines, in a directory that is made for it', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n{"n":2}\n')
    const pipeline = start({ file: { follow: false }, output: { file: { path: '/out/deep/x.jsonl' } } })
    await pipeline.done
    expect(await readFile(join(directory, 'out/deep/x.jsonl'), 'utf8')).toBe('{"n":1}\n{"n":2}\n')
  })

  test('a refused message counts as failed once, is offered again, and nothing after it overtakes it', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    let refusals = 2
    const stdout = {
      write(chunk: string, callback: (error?: Error) => void) {
        if (refusals-- > 0) callback(new Error('pipe is full'))
        else {
          printed.push(chunk.trimEnd())
          callback()
        }
      },
    }
    const pipeline = start({ ports: { stdout } })
    await vi.waitFor(() => expect(pipeline.counters()).toMatchObject({ outputConnected: false, failed: 1 }), 20_000)
    expect(await lines(1)).toEqual(['{"n":1}'])
    await vi.waitFor(
      () => expect(pipeline.counters()).toMatchObject({ received: 1, delivered: 1, failed: 1, outputConnected: true }),
      20_000,
    )
  })

  test('what was not delivered is read again after a restart', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    const stdout = { write: (_: string, callback: (error: Error) => void) => callback(new Error('broken pipe')) }
    const first = start({ ports: { stdout } })
    await vi.waitFor(() => expect(first.counters().failed).toBe(1), 20_000)
    await first.stop()
    start()
    expect(await lines(1)).toEqual(['{"n":1}'])
  })

  test('a variable without a value ends the pipeline with a reason', async () => {
    const pipeline = start({ output: { file: { path: '/out/${NOWHERE}' } } })
    expect(await pipeline.done).toMatchObject({ kind: 'failed', reason: expect.stringContaining('NOWHERE') })
    expect(pipeline.counters()).toMatchObject({ inputConnected: false, outputConnected: false })
  })

  test('variables and their defaults are filled in', async () => {
    await writeFile(logFile('a.log'), '{"n":1}\n')
    const env = (name: string): string | undefined => (name === 'NAME' ? 'x' : undefined)
    const output = { file: { path: '/out/${NAME}${EXT:.txt}' } }
    await start({ file: { follow: false }, output, ports: { env } }).done
    expect(await readFile(join(directory, 'out/x.txt'), 'utf8')).toBe('{"n":1}\n')
    await unlink(join(directory, 'out/x.txt'))
  })
})
