/** Runs `update` jobs: of the agent itself, and of payloads beside it; one at a time on a node. */
import { updateConfigSchema, type Content, type UpdateConfig } from '@dunlin/contracts/agent'
import type { ContentProblem } from '@dunlin/domain/agent'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Artifacts } from '../../artifacts/fetch.ts'
import { isOnTrial } from '../../update/trial.ts'
import { configProblem } from '../config-problem.ts'
import { type Driver, type Inspected, type Task } from '../driver.ts'
import { rotateTaskLogs } from '../logs.ts'
import { inspectAgentUpdate, reverted, updateAgent, type OwnAgent } from './agent-update.ts'
import { createTurns } from './one-at-a-time.ts'
import { carryThrough, preparePayload } from './payload-update.ts'
import { readRecord, writeRecord, type UpdateRecord } from './record.ts'

export interface UpdateDriverOptions {
  readonly artifacts: Artifacts
  readonly dataDir: string
  readonly agent: OwnAgent
}

const POLL_MS = 200

interface Running {
  readonly attempt: number
  readonly giveUp: AbortController
  readonly done: Promise<void>
}

export const updateDriver = ({ artifacts, dataDir, agent }: UpdateDriverOptions): Driver => {
  const turns = createTurns()
  const running = new Map<string, Running>()
  const starting = new Set<string>()
  /** Why an update that is written down does not go on. */
  const problems = new Map<string, string>()
  const homeOf = (target: string): string => join(dataDir, 'payloads', target)

  /** Goes on behind `inspect` until it is healthy or back; a stop means back. */
  const carry = (
    task: Task,
    config: UpdateConfig,
    record: UpdateRecord,
    release: () => void,
    onExit: () => void,
  ): void => {
    const giveUp = new AbortController()
    const done = carryThrough(task, config, homeOf(config.target), record, giveUp.signal)
      .catch((error: unknown) => {
        // The disk is full, or a folder is gone: where it stands is written down, and the next agent goes on.
        problems.set(task.execution, `The update is stuck: ${error instanceof Error ? error.message : String(error)}`)
      })
      .then(() => {
        running.delete(task.execution)
        release()
        onExit()
      })
    running.set(task.execution, { attempt: task.attempt, giveUp, done })
  }
  const inspect = (task: Task): Inspected => {
    const { execution, attempt } = task
    if (starting.has(execution)) return { is: 'starting' }
    const config = updateConfigSchema.safeParse(task.content.config).data
    if (config?.target === 'agent' && agent.home !== undefined) {
      const found = inspectAgentUpdate(task, agent.home)
      if (found !== undefined) return found
    }
    const outcome = outcomeOf(task)
    if (outcome !== undefined) return outcome
    const stuck = problems.get(execution)
    if (running.get(execution)?.attempt === attempt) return { is: 'running' }
    if (stuck !== undefined) return { is: 'running', degraded: { code: 'update_stuck', message: stuck } }
    const record = readRecord(task.dir, attempt)
    if (config === undefined || record === undefined) return { is: 'absent' }
    // An earlier agent was killed in the middle of it. It had the turn, so nobody else has begun.
    const { release } = turns.take(`the update of ${config.target}`)
    carry(task, config, record, release, () => {})
    return { is: 'running' }
  }

  return {
    type: 'update',
    // What it has switched to may be switched back until then, and the next wave must not have begun.
    isProvenByItsEnd: true,
    prepare: problemOf,
    start: async (task, { signal, onExit, onProgress }) => {
      const { execution } = task
      const config = updateConfigSchema.parse(task.content.config)
      const { target } = config
      starting.add(execution)
      problems.delete(execution)
      let release: (() => void) | undefined
      try {
        mkdirSync(task.dir, { recursive: true, mode: 0o700 })
        const turn = await turns.wait(`the update of ${target}`, signal, (whom) => onProgress(`waiting for ${whom}`))
        ;({ release } = turn)
        // An update of the agent that is on trial goes before everything, until it is decided.
        while (agent.home !== undefined && isOnTrial(agent.home)) {
          onProgress('waiting for the update of the agent')
          await delay(POLL_MS, undefined, { signal })
        }
        if (target === 'agent') {
          const isThere = await updateAgent(task, config, { agent, artifacts, dataDir }, { signal, onProgress })
          if (isThere) await writeRecord(task.dir, finished(task, config))
          // The turn is kept: this agent is about to end, and nothing must begin before it has.
          else release = undefined
          return
        }
        const home = homeOf(target)
        mkdirSync(home, { recursive: true, mode: 0o755 })
        const record = await preparePayload(task, config, { home, artifacts }, { signal, onProgress })
        await writeRecord(task.dir, record)
        carry(task, config, record, release, onExit)
        release = undefined
      } finally {
        release?.()
        starting.delete(execution)
      }
    },
    inspect,
    signal: () => false,
    // A version of the agent that is on trial cannot be called back: the launcher decides, and soon.
    stop: async ({ execution }) => {
      const one = running.get(execution)
      one?.giveUp.abort()
      await one?.done
    },
    stats: () => undefined,
    rotateLogs: ({ dir }) => rotateTaskLogs(dir),
  }
}

/** How an update that ended is written down. */
const outcomeOf = (task: Task): Inspected | undefined => {
  const record = readRecord(task.dir, task.attempt)
  if (record?.step.is === 'done') return { is: 'exited', code: 0, signal: null, at: record.step.at }
  if (record?.step.is !== 'reverted') return undefined
  const error = reverted({ to: record.to, ...(record.from && { from: record.from }), why: record.step.why })
  return { is: 'exited', code: 1, signal: null, at: record.step.at, permanent: true, error }
}

const finished = ({ attempt }: Task, { version }: UpdateConfig): UpdateRecord => ({
  attempt,
  to: version,
  step: { is: 'done', at: Date.now() },
})

const problemOf = (content: Content): ContentProblem | undefined =>
  configProblem(
    updateConfigSchema,
    content,
    'An update job has config {target, version, artifact | files, apply, restart, check, healthy_within}.',
  )
