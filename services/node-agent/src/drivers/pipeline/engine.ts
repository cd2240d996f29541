/** Binds @dunlin/pipeline to this process: the only file that knows both. Only a pipeline's own process imports it. */
import type { ContentProblem } from '@dunlin/domain/agent'
import { parsePipelineConfig, startPipeline, type PipelinePorts, type PipelineProblem } from '@dunlin/pipeline'
import { randomUUID } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { jsonLogger } from '../../json-logger.ts'
import { redactorOf } from '../../secrets/redact.ts'
import { readText, writeAtomically } from '../task-dir.ts'
import { mapPath } from './map-path.ts'
import type { PipelineOrder } from './order.ts'
import type { Engine } from './run-process.ts'

export const createEngine = (): Engine => ({
  start: async ({ config, stateDir, pathMap }) => {
    const parsed = parsePipelineConfig(config)
    if (!parsed.ok) return { problem: problemOf(parsed.problems) }
    const pipeline = startPipeline(parsed.config, portsOf(stateDir, pathMap))
    return {
      counters: () => {
        const { received, failed, delivered, inputConnected, outputConnected } = pipeline.counters()
        return { in: received, failed, out: delivered, inputConnected, outputConnected }
      },
      done: pipeline.done.then(({ kind, reason }) => {
        if (kind === 'failed') throw new Error(reason)
      }),
      stop: () => pipeline.stop(),
    }
  },
})

const portsOf = (stateDir: string, pathMap: PipelineOrder['pathMap']): PipelinePorts => {
  // The task's standard error belongs to the pipeline: what it has to say stands beside what its processors print.
  const redact = redactorOf(process.env)
  const logger = jsonLogger('info', (line) => process.stderr.write(redact(line)))
  const stateFile = join(stateDir, 'input.json')
  mkdirSync(stateDir, { recursive: true, mode: 0o700 })
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    random: () => Math.random(),
    uuid: () => randomUUID(),
    env: (name) => process.env[name],
    stdout: process.stdout,
    mapPath: (path) => mapPath(path, pathMap),
    state: {
      load: () => {
        const text = readText(stateFile)
        try {
          return text === undefined ? undefined : (JSON.parse(text) as unknown)
        } catch {
          logger.warn('the saved positions cannot be read; reading begins anew', { file: stateFile })
          return undefined
        }
      },
      save: (state) => writeAtomically(stateFile, JSON.stringify(state)),
    },
    log: (level, message, fields) => logger[level](message, fields),
  }
}

/** All problems in one sentence each; the hint of the first, which is usually what causes the others. */
const problemOf = (problems: readonly PipelineProblem[]): ContentProblem => {
  const [first] = problems
  return {
    code: 'invalid_config',
    message: problems.map(({ path, message }) => `config.${path}: ${message}`).join('; '),
    ...(first?.hint === undefined ? {} : { hint: first.hint }),
  }
}
