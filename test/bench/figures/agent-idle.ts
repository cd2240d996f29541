/**
 * `agent_idle`, `agent_idle_10`, `agent_idle_cpu`: what the bundled agent costs when nothing changes, without a task and with
 * ten that sleep. It is connected and sends its heartbeats.
 */
import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench, BenchContext } from '../bench.ts'
import { figure } from '../figure.ts'
import { restingRssMb } from '../measure/memory.ts'
import { cpuSeconds, pssMb, shimsBelow } from '../measure/process-cost.ts'
import { median, tellValues } from '../measure/rounds.ts'
import { processContent, startOneNode, type OneNode } from '../stage/one-node.ts'
import { bundleAgent } from '../stage/repository.ts'
import { withServer } from '../stage/server.ts'
import { withStore } from '../stage/store.ts'
import { endTasks, untilShims } from '../stage/tasks.ts'

const TASKS = 10
/** What starting the tasks left behind is collected meanwhile. */
const REST_MS = 30_000
const CPU_MS = 60_000

interface Cost {
  readonly rss: readonly number[]
  /** Percent of a core, of each agent. */
  readonly cpu: readonly number[]
}

const costOf = async (nodes: readonly OneNode[], quick: boolean): Promise<Cost> => {
  const pids = nodes.map(({ agent }) => agent.pid)
  const rss = await restingRssMb(pids, quick ? 200 : REST_MS)
  const before = pids.map(cpuSeconds)
  const began = performance.now()
  await pause(quick ? 300 : CPU_MS)
  const seconds = (performance.now() - began) / 1000
  return { rss, cpu: pids.map((pid, i) => ((cpuSeconds(pid) - (before[i] ?? 0)) / seconds) * 100) }
}

const run = async (context: BenchContext) => {
  const { dir, quick } = context
  const agentFile = await bundleAgent(mkdtempSync(join(dir, 'agent-')))
  return withServer(context, ({ url }) =>
    withStore(url, async (store) => {
      const nodes: OneNode[] = []
      try {
        for (let n = 1; n <= (quick ? 1 : 3); n += 1)
          nodes.push(await startOneNode({ url, store, agentFile, dir, node: `idle-${n}` }))
        const empty = await costOf(nodes, quick)
        for (const node of nodes) {
          const entries = []
          for (let n = 1; n <= TASKS; n += 1)
            entries.push(await node.entry(`sleeper-${n}`, processContent('/bin/sleep', [String(3_600 + n)])))
          await node.write(entries)
          await untilShims(node.dataDir, TASKS)
        }
        const full = await costOf(nodes, quick)
        const shims = nodes.flatMap(({ dataDir }) => shimsBelow(dataDir)).map(pssMb)
        const shared = `${nodes.length} agents in one file, connected`
        return [
          figure(
            'agent_idle',
            median(empty.rss),
            'MB',
            { atMost: 65 },
            `${tellValues(empty.rss, 'MB')}; ${shared}, no task`,
          ),
          figure(
            'agent_idle_10',
            median(full.rss),
            'MB',
            { atMost: 70 },
            `${tellValues(full.rss, 'MB')}; ${shared}, ${TASKS} sleeping tasks; a shim holds ${median(shims).toFixed(2)} MB of its own (PSS)`,
          ),
          figure(
            'agent_idle_cpu',
            median(full.cpu),
            '% of a core',
            { below: 0.5 },
            `${tellValues(full.cpu, '%')} with ${TASKS} tasks, ${tellValues(empty.cpu, '%')} without, over ${CPU_MS / 1000} s`,
          ),
        ]
      } finally {
        for (const { agent, dataDir } of nodes) {
          await agent.stop()
          await endTasks(dataDir)
        }
      }
    }),
  )
}

export const agentIdle: Bench = { figures: ['agent_idle', 'agent_idle_10', 'agent_idle_cpu'], run }
