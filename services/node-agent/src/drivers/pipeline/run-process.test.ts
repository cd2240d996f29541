import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { runPipelineProcess, type Engine, type EngineCounters } from './run-process.ts'
import { EXIT_CONFIG, readProblem, readStatus } from './status-file.ts'

let dir: string
let counters: EngineCounters
let end: PromiseWithResolvers<void>

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'dunlin-pipeline-'))
  counters = { in: 0, failed: 0, out: 0, inputConnected: true, outputConnected: true }
  end = Promise.withResolvers()
  order(1)
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const order = (attempt: number): void =>
  writeFileSync(join(dir, 'pipeline.json'), JSON.stringify({ attempt, config: {}, stateDir: dir, pathMap: [] }))

const engine: Engine = {
  start: async () => ({
    counters: () => counters,
    done: end.promise,
    stop: async () => end.resolve(),
  }),
}

describe('a pipeline process', () => {
  it('tells its counters while it runs and once more at its end', async () => {
    const code = runPipelineProcess(engine, dir, new AbortController().signal)
    await vi.waitFor(() => expect(readStatus(dir)).toMatchObject({ attempt: 1, in: 0 }), 20_000)
    counters = { ...counters, in: 5, failed: 2, outputConnected: false }
    await vi.waitFor(() => expect(readStatus(dir)).toMatchObject({ in: 5, failed: 2, outputConnected: false }), 20_000)
    counters = { ...counters, in: 6 }
    end.resolve()
    expect(await code).toBe(0)
    expect(readStatus(dir)?.in).toBe(6)
  })

  it('goes on counting where the attempt before it ended', async () => {
    counters = { ...counters, in: 5, failed: 2, out: 3 }
    end.resolve()
    await runPipelineProcess(engine, dir, new AbortController().signal)
    order(2)
    counters = { ...counters, in: 1, failed: 1, out: 0 }
    await runPipelineProcess(engine, dir, new AbortController().signal)
    expect(readStatus(dir)).toMatchObject({ attempt: 2, in: 6, failed: 3, out: 3 })
  })

  it('stops when it is told to', async () => {
    const abort = new AbortController()
    const code = runPipelineProcess(engine, dir, abort.signal)
    await vi.waitFor(() => expect(readStatus(dir)).toBeDefined(), 20_000)
    abort.abort()
    expect(await code).toBe(0)
  })

  it('says why a config is refused, and that another attempt would not help', async () => {
    const problem = { code: 'invalid_config', message: 'pipeline.processors.0: unknown processor "maping"' }
    const refusing: Engine = { start: async () => ({ problem }) }
    expect(await runPipelineProcess(refusing, dir, new AbortController().signal)).toBe(EXIT_CONFIG)
    expect(readProblem(dir)).toEqual(problem)
  })

  it('says why it could not go on', async () => {
    const code = runPipelineProcess(engine, dir, new AbortController().signal)
    end.reject(new Error('disk full'))
    expect(await code).toBe(1)
    expect(readProblem(dir)).toEqual({ code: 'pipeline_failed', message: 'disk full' })
  })
})
