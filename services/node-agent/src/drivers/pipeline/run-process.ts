/**
 * The life of a pipeline process: reads its order, runs the engine, and tells its counters in the status file until the
 * input ends, the engine fails, or it is told to stop. It knows nothing of the agent but the task's directory.
 */
import type { ContentProblem } from '@dunlin/domain/agent'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { readText } from '../task-dir.ts'
import { pipelineOrderSchema, type PipelineOrder } from './order.ts'
import { EXIT_CONFIG, readStatus, writeProblem, writeStatus, type PipelineStatus } from './status-file.ts'

export interface EngineCounters {
  readonly in: number
  readonly failed: number
  readonly out: number
  readonly inputConnected: boolean
  readonly outputConnected: boolean
}

export interface RunningEngine {
  /** Cumulative since this process started. */
  counters(): EngineCounters
  /** Resolves when the input has ended and everything is delivered, or after `stop`; rejects when it cannot go on. */
  readonly done: Promise<void>
  stop(): Promise<void>
}

/** The pipeline language and its engine, as this process sees them. */
export interface Engine {
  /** Starts it, or says what is wrong with the config. */
  start(order: PipelineOrder, dir: string): Promise<RunningEngine | { readonly problem: ContentProblem }>
}

const STATUS_EVERY_MS = 100

/** Returns the exit code. `stopping` is aborted by SIGTERM. */
export const runPipelineProcess = async (engine: Engine, dir: string, stopping: AbortSignal): Promise<number> => {
  const order = pipelineOrderSchema.parse(JSON.parse(readText(join(dir, 'pipeline.json')) ?? ''))
  // Counters belong to the execution: this attempt goes on where the last one ended.
  const before = readStatus(dir)
  let started: Awaited<ReturnType<Engine['start']>>
  try {
    started = await engine.start(order, dir)
  } catch (error) {
    writeProblem(dir, problemOf(error))
    return 1
  }
  if ('problem' in started) {
    writeProblem(dir, started.problem)
    return EXIT_CONFIG
  }
  const running = started
  stopping.addEventListener('abort', () => void running.stop().catch(() => {}), { once: true })
  let written: PipelineStatus | undefined
  const tell = (): void => {
    const status = statusOf(order.attempt, running.counters(), before)
    if (JSON.stringify(status) === JSON.stringify(written)) return
    writeStatus(dir, status)
    written = status
  }
  const ended = running.done.then(
    () => 0,
    (error: unknown) => {
      writeProblem(dir, problemOf(error))
      return 1
    },
  )
  for (;;) {
    tell()
    const code = await Promise.race([ended, delay(STATUS_EVERY_MS)])
    if (code === undefined) continue
    tell()
    return code
  }
}

const statusOf = (attempt: number, now: EngineCounters, before: PipelineStatus | undefined): PipelineStatus => ({
  attempt,
  in: (before?.in ?? 0) + now.in,
  failed: (before?.failed ?? 0) + now.failed,
  out: (before?.out ?? 0) + now.out,
  inputConnected: now.inputConnected,
  outputConnected: now.outputConnected,
})

const problemOf = (error: unknown): ContentProblem => ({
  code: 'pipeline_failed',
  message: error instanceof Error ? error.message : String(error),
})
