/** The pipeline driver with real processes. */
import type { ExecutionId } from '@dunlin/contracts/agent'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TaskError, type Task } from '../driver.ts'
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
})
