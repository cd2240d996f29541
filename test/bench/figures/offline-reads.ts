/**
 * `offline_reads`: a node is offline for 7 days, in which its desired document changes 20 times. How many documents it reads to be
 * right again, counted at the agent's port; the contents that are new come on top. The agent is the product's own, with its
 * journal, on a real connection that is cut; its clocks jump, so that the days take no time.
 */
import { canonicalJson, type DesiredExecution } from '@dunlin/contracts'
import type { ExecutionId, JobId, JournalId, NodeId, RolloutId, Sha256 } from '@dunlin/contracts/agent'
import { reportSubject } from '@dunlin/nats'
import { connectAgent, type ConnectedAgent } from '@dunlin/nats/agent'
import { killTasks, openJournal, processDriver, startAgent } from '@dunlin/node-agent'
import { sha256, silentLogger, systemClock, systemRandom, type Clock } from '@dunlin/runtime/agent'
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { layCable } from '../../e2e/cable.ts'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'

const NODE = 'edge-1' as NodeId
const DAY_MS = 24 * 3_600_000
const CHANGES = 20
const newId = (): string => systemRandom.ulid(systemClock.nowMs())

const executionOf = (generation: number, content: Sha256): DesiredExecution => ({
  execution: newId() as ExecutionId,
  job: { namespace: 'default', name: 'offline' },
  jobId: newId() as JobId,
  version: generation,
  rollout: newId() as RolloutId,
  generation: [0, generation],
  content,
  health: { intervalMs: 1_000, maxErrorRate: 0.05, successThreshold: 2, failureThreshold: 3, deadlineMs: 60_000 },
  desired: 'running',
})

/** The same connection, and how often it was asked for something. */
const counted = (whole: ConnectedAgent) => {
  const reads = { documents: 0, contents: 0, reports: 0 }
  const counting =
    <R>(kind: keyof typeof reads, ask: (key: string) => Promise<R>) =>
    (key: string): Promise<R> => {
      reads[kind] += 1
      return ask(key)
    }
  return {
    reads,
    desired: { get: counting('documents', (key) => whole.desired.get(key)) },
    specs: { get: counting('contents', (key) => whole.specs.get(key)) },
    reports: {
      append: whole.reports.append,
      last: counting('reports', (subject) => whole.reports.last(subject)),
    },
  }
}

const run = (context: BenchContext) =>
  withServer(context, ({ url }) =>
    withStore(url, async ({ desired, specs, log }) => {
      const dir = mkdtempSync(join(context.dir, 'node-'))
      const cable = await layCable(url)
      const connection = await connectAgent({ url: cable.url, name: 'bench offline', maxReconnectDelayMs: 300 })
      const { reads, ...ports } = counted(connection)
      let jumpedMs = 0
      const clock: Clock = {
        nowMs: () => systemClock.nowMs() + jumpedMs,
        monotonicMs: () => systemClock.monotonicMs() + jumpedMs,
        after: (delayMs, go) => systemClock.after(delayMs, go),
      }
      const journal = openJournal({
        file: join(dir, 'journal.db'),
        newId: () => newId() as JournalId,
        logger: silentLogger,
      })
      const agent = await startAgent(
        {
          ...ports,
          bus: connection.bus,
          clock,
          random: systemRandom,
          logger: silentLogger,
          journal,
          drivers: [processDriver()],
        },
        {
          node: NODE,
          agentVersion: 'bench',
          labels: {},
          resources: { cpus: 1, memoryBytes: 1_000_000 },
          dataDir: dir,
          timings: { stopGraceMs: 200, pollMs: 20 },
        },
      )
      /** Writes the document and its content; returns the execution that it names. */
      const write = async (generation: number): Promise<string> => {
        const config = { command: 'sleep', args: [String(1_000 + generation)] }
        const body = canonicalJson({ type: 'process', config, restartPolicy: 'on-failure', executionTimeoutMs: 0 })
        const content = sha256(body)
        await specs.put(content, Buffer.from(body), 0)
        const one = executionOf(generation, content)
        const document = { s: 1, node: NODE, generation: [0, generation], executions: [one] }
        await desired.put(NODE, Buffer.from(JSON.stringify(document)), revision)
        revision = (await desired.get(NODE))?.revision ?? 0
        return one.execution
      }
      let revision = 0
      const isRunning = async (execution: string): Promise<void> => {
        for (;;) {
          const last = await log.last(reportSubject(NODE))
          const text = Buffer.from(last?.data ?? []).toString('utf8')
          if (text.includes(execution) && text.includes('"state":"running"')) return
          await pause(5)
        }
      }
      try {
        await agent.announced
        await isRunning(await write(1))
        cable.pull()
        let latest = ''
        for (let n = 0; n < CHANGES; n++) {
          jumpedMs += (7 * DAY_MS) / CHANGES
          latest = await write(2 + n)
        }
        const before = { ...reads }
        const began = performance.now()
        cable.plug()
        await isRunning(latest)
        const tookMs = performance.now() - began
        const [documents, contents, reports] = [
          reads.documents - before.documents,
          reads.contents - before.contents,
          reads.reports - before.reports,
        ]
        const detail =
          `${contents} content and ${reports} look at the last report besides; right again ${tookMs.toFixed(0)} ms after the ` +
          `connection could be made; ${CHANGES} changes in 7 days of its clocks, each with a content of its own`
        return [figure('offline_reads', documents, 'documents', { atMost: 1 }, detail)]
      } finally {
        await Promise.all([agent.stop(), connection.close()])
        await cable.stop()
        await killTasks(dir, 0)
      }
    }),
  )

export const offlineReads: Bench = { figures: ['offline_reads'], run }
