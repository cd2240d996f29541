/** The pipeline driver with real processes. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { TaskError, type Task } from '../driver.ts'
import { readText } from '../task-dir.ts'
import { pipelineEntry } from './entry.ts'
import { pipelineDriver } from './pipeline-driver.ts'

const MAIN = new URL('../../main.ts', import.meta.url).href
const driver = pipelineDriver({ ...pipelineEntry(MAIN, ['--conditions=dunlin-source']), pathMap: [] })

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-pipeline-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const taskOf = (config: Record<string, unknown>): Task => ({
  execution: '01JJJJJJJJJJJJJJJJJJJJJJJX' as ExecutionId,
  job: { namespace: 'default', name: 'p' },
  attempt: 1,
  content: { type: 'pipeline', config, restartPolicy: 'on-failure', executionTimeoutMs: 0 },
  dir: join(folder, 'task'),
  stateDir: join(folder, 'state'),
})

describe('the pipeline driver', () => {
  it('refuses a config without an input before anything is started', () => {
    expect(driver.prepare(taskOf({}).content)).toMatchObject({ code: 'invalid_config' })
    expect(driver.prepare(taskOf({ input: {} }).content)).toBeUndefined()
  })

  it('fails for good, with the reason of the pipeline process, when that refuses the config', async () => {
    const failure = await driver
      .start(taskOf({ input: { no_such_input: {} } }), {
        onExit: () => {},
        onProgress: () => {},
        signal: new AbortController().signal,
      })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(TaskError)
    expect(failure).toMatchObject({
      permanent: true,
      problem: { code: 'invalid_config', message: expect.stringContaining('no_such_input') },
    })
  })

  it('has secrets as variables, and tells them to nobody', async () => {
    writeFileSync(join(folder, 'in.log'), 'line\n')
    const task = taskOf({
      input: { file: { paths: [join(folder, 'in.log')] } },
      pipeline: { processors: [{ mapping: 'root = env("TOKEN").length()' }] },
      output: { stdout: {} },
    })
    const control = { onExit: () => {}, onProgress: () => {}, signal: new AbortController().signal }
    await driver.start(task, { ...control, secrets: { TOKEN: 'hunter2-secret' } })
    await vi.waitFor(() => expect(readFileSync(join(task.dir, 'logs', 'stdout'), 'utf8')).toBe('14\n'), {
      timeout: 20_000,
      interval: 20,
    })
    await driver.stop(task, { graceMs: 5_000 })
    const wrong = taskOf({ ...task.content.config, output: { file: { path: '/dev/null/${TOKEN}' } } })
    const again = { ...wrong, dir: join(folder, 'again') }
    const failure: unknown = await driver
      .start(again, { ...control, secrets: { TOKEN: 'hunter2-secret' } })
      .catch((error: unknown) => error)
    await driver.stop(again, { graceMs: 0 })
    const texts = ['error.json', 'pipeline.json', 'logs/stderr'].map((name) => readText(join(again.dir, name)) ?? '')
    expect([...texts, String(failure)].join('')).not.toContain('hunter2')
  })
})
