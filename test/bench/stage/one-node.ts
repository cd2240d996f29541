/** One bundled agent on the measured server, and the centre's pen: it writes the node's document as a scheduler would. */
import {
  canonicalJson,
  type Content,
  type DesiredExecution,
  type ExecutionId,
  type JobId,
  type NodeId,
  type RolloutId,
} from '@dunlin/contracts'
import { LEAN_NODE_ENV, LEAN_NODE_FLAGS } from '@dunlin/node-agent'
import { sha256, systemClock, systemRandom } from '@dunlin/runtime'
import type { ConnectedStore } from '@dunlin/nats'
import { join } from 'node:path'
import { startService, type RunningService } from './service.ts'

export interface OneNode {
  readonly agent: RunningService
  readonly dataDir: string
  /** An entry of the document; its content is stored. */
  entry(job: string, content: Content): Promise<DesiredExecution>
  /** Makes these the whole document. */
  write(entries: readonly DesiredExecution[]): Promise<void>
}

export interface OneNodeOptions {
  readonly url: string
  readonly store: ConnectedStore
  /** Path of the bundled agent. */
  readonly agentFile: string
  readonly dir: string
  readonly node: string
}

export const startOneNode = async ({ url, store, agentFile, dir, node }: OneNodeOptions): Promise<OneNode> => {
  const dataDir = join(dir, node)
  const agent = await startService(
    agentFile,
    ['--nats-url', url, '--data-dir', dataDir, '--node-id', node],
    LEAN_NODE_FLAGS,
    LEAN_NODE_ENV,
  )
  const encoder = new TextEncoder()
  const rollout = systemRandom.ulid(systemClock.nowMs()) as RolloutId
  const health = {
    intervalMs: 10_000,
    maxErrorRate: 0.1,
    successThreshold: 2,
    failureThreshold: 3,
    deadlineMs: 300_000,
  }
  let seq = 0
  let revision = 0
  return {
    agent,
    dataDir,
    entry: async (job, content) => {
      const body = canonicalJson(content)
      const hash = sha256(body)
      await store.specs.put(hash, encoder.encode(body), 0)
      seq += 1
      return {
        execution: systemRandom.ulid(systemClock.nowMs()) as ExecutionId,
        job: { namespace: 'bench', name: job },
        jobId: systemRandom.ulid(systemClock.nowMs()) as JobId,
        version: 1,
        rollout,
        generation: [0, seq],
        content: hash,
        health,
        desired: 'running',
      }
    },
    write: async (executions) => {
      const document = { s: 1, node: node as NodeId, generation: [0, seq], executions }
      const put = await store.desired.put(node, encoder.encode(JSON.stringify(document)), revision)
      if (put === undefined) throw new Error('somebody else wrote the document')
      revision = put
    },
  }
}

/** Runs without a shell's help; `restartPolicy` as a daemon has it. */
export const processContent = (command: string, args: readonly string[]): Content => ({
  type: 'process',
  config: { command, args: [...args] },
  restartPolicy: 'on-failure',
  executionTimeoutMs: 0,
})
