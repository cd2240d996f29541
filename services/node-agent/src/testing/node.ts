/** One node of a test: an agent in this process on a centre in memory, with a data directory of its own. */
import type {
  Content,
  DesiredDocument,
  DesiredExecution,
  ExecutionId,
  JobId,
  JournalId,
  NodeId,
  RolloutId,
} from '@dunlin/contracts/agent'
import { seededRandom, silentLogger, systemClock, systemRandom, type Clock, type Logger } from '@dunlin/runtime/agent'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startAgent, type RunningAgent } from '../agent.ts'
import type { Driver } from '../drivers/driver.ts'
import { processDriver } from '../drivers/process/process-driver.ts'
import type { Journal } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import type { SecretSource } from '../secrets/source.ts'
import type { Timings } from '../timings.ts'
import type { Centre } from './centre.ts'

export const NODE = 'node-1' as NodeId

export const makeDataDir = (): string => mkdtempSync(join(tmpdir(), 'dunlin-agent-'))

/** A ULID; the caller says of what. Of nobody else: by the id of its execution a task is known on the whole machine. */
export const newId = (): string => systemRandom.ulid(Date.now())

export interface NodeOptions {
  readonly dataDir: string
  readonly node?: NodeId
  readonly drivers?: readonly Driver[]
  readonly timings?: Partial<Timings>
  readonly logger?: Logger
  readonly journal?: Journal
  readonly clock?: Clock
  readonly secrets?: SecretSource
}

export const FAST: Partial<Timings> = { pollMs: 20, heartbeatMs: 100, retryFirstMs: 10, retryMostMs: 100, askMs: 200 }

export const startNode = (centre: Centre, options: NodeOptions): Promise<RunningAgent> => {
  const logger = options.logger ?? silentLogger
  const { bus, reports, desired, specs } = centre
  const journal =
    options.journal ??
    openJournal({
      file: join(options.dataDir, 'journal.db'),
      newId: () => newId() as JournalId,
      logger,
      reserve: false,
    })
  return startAgent(
    {
      bus,
      reports,
      desired,
      specs,
      clock: options.clock ?? systemClock,
      random: seededRandom(Math.floor(Math.random() * 2 ** 31)),
      logger,
      journal,
      drivers: options.drivers ?? [processDriver()],
      ...(options.secrets ? { secrets: options.secrets } : {}),
    },
    {
      node: options.node ?? NODE,
      agentVersion: 'test',
      labels: { site: 'test' },
      resources: { cpus: 1, memoryBytes: 1 },
      dataDir: options.dataDir,
      timings: { ...FAST, ...options.timings },
    },
  )
}

export const sh = (script: string, over: Partial<Content> = {}): Content => ({
  type: 'process',
  config: { command: 'sh', args: ['-c', script] },
  restartPolicy: 'on-failure',
  executionTimeoutMs: 0,
  ...over,
})

const health = {
  intervalMs: 200,
  maxErrorRate: 0.05,
  successThreshold: 2,
  failureThreshold: 3,
  deadlineMs: 60_000,
}

/** An entry for `content`, stored at the centre. */
export const entryFor = (
  centre: Pick<Centre, 'storeContent'>,
  seq: number,
  content: Content,
  over: Partial<DesiredExecution> = {},
): DesiredExecution => ({
  execution: newId() as ExecutionId,
  job: { namespace: 'default', name: 'web' },
  jobId: '01JJJJJJJJJJJJJJJJJJJJJJJJ' as JobId,
  version: 1,
  rollout: newId() as RolloutId,
  generation: [0, seq],
  content: centre.storeContent(content),
  health,
  desired: 'running',
  ...over,
})

export const documentOf = (seq: number, ...executions: DesiredExecution[]): DesiredDocument => ({
  s: 1,
  node: NODE,
  generation: [0, seq],
  executions,
})
