/** Simulated agents in one process on one connection. Arguments: server, how many. */
import type { NodeId } from '@dunlin/contracts/agent'
import { connectAgent } from '@dunlin/nats/agent'
import { startSimulatedAgents } from '@dunlin/node-agent'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime/agent'
import { nowMs, onTold, tell, used, type Used } from './tell.ts'

export type ToAgents =
  /** Tell when every node runs this version of the job and all of its reports are in the log. */
  { readonly do: 'expect'; readonly version: number } | { readonly do: 'measure' }

export type FromAgents =
  | { readonly is: 'announced' }
  | { readonly is: 'all_running'; readonly atMs: number }
  | ({ readonly is: 'measured'; readonly reportSizes: readonly number[] } & Used)

const LOOK_EVERY_MS = 4

const [url = '', count = '0'] = process.argv.slice(2)
const connected = await connectAgent({ url, name: 'bench agents', window: 1024 })
let lastReportMs = 0
let reportSizes: number[] = []
const fleet = startSimulatedAgents(
  {
    ...connected,
    reports: {
      ...connected.reports,
      append: async (request) => {
        const result = await connected.reports.append(request)
        lastReportMs = nowMs()
        reportSizes.push(request.data.length)
        return result
      },
    },
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  },
  {
    count: Number(count),
    fresh: true,
    announceWindow: 512,
    nodeId: (n) => `sim-${String(n).padStart(6, '0')}` as NodeId,
  },
)

/** The node runs this version and nothing else, and the log knows all of it. */
const isThere = (version: number): boolean => {
  for (const node of fleet.nodes.values()) {
    if (node.sending || node.outbox.length > 0) return false
    let there = false
    for (const { entry, state } of node.executions.values()) {
      if (entry.version === version && state === 'running') there = true
      else if (state === 'running' || state === 'starting') return false
    }
    if (!there) return false
  }
  return true
}

onTold((message: ToAgents) => {
  if (message.do === 'measure') {
    tell({ is: 'measured', reportSizes, ...used() })
    reportSizes = []
    return
  }
  const look = setInterval(() => {
    // Looking is not free, and what the look finds was true since the last report.
    if (reportSizes.length < fleet.nodes.size || !isThere(message.version)) return
    clearInterval(look)
    tell({ is: 'all_running', atMs: lastReportMs })
  }, LOOK_EVERY_MS)
})

await fleet.announced
tell({ is: 'announced' })
