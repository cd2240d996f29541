/**
 * What nodes do to rollouts that are not heard: one falls silent before it starts and one after, both come back; a site
 * falls silent as a whole. An agent is made silent by SIGSTOP, so its task runs on.
 */
import { startChild, type Child, type Fleet } from '@dunlin/infra/dev'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { keyOf, loop, untilRollout, type Rollout, type Scene } from './scene.ts'

const MINUTE = 60_000
/** Ten windows of a second: long enough to fall silent in the middle. */
const health_check = { interval: '1s', success_threshold: 10, failure_threshold: 10, deadline: '20m' }

export const playSilence: Scene = async (fleet, dataDir) => {
  const { client } = fleet
  const start = (node: string): Child => startAgent(fleet, dataDir, node)
  const agents = new Map(
    ['pier-1', 'pier-2', 'quay-1', 'quay-2', 'dock-1', 'dock-2', 'dock-3'].map((node) => [node, start(node)]),
  )
  const signal = (nodes: readonly string[], how: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const node of nodes) process.kill(agents.get(node)?.pid ?? Number.NaN, how)
  }
  const apply = (site: string, seconds: number, rollout: object) =>
    client.jobs.apply({
      spec: {
        name: site,
        type: 'process',
        config: { command: '/bin/sh', args: ['-c', loop(seconds)] },
        selector: { match_labels: { 'dunlin.io/site': site } },
        rollout: { strategy: 'rolling', health_check, ...rollout },
      },
    })
  const until = (
    site: string,
    version: number,
    what: string,
    holds: (rollout: Rollout) => boolean,
    withinMs = MINUTE,
  ) => untilRollout(client, site, version, what, holds, withinMs)
  const firstRunning = async (site: string): Promise<string> => {
    for (;;) {
      const { items } = await client.executions.list({ namespace: 'default', job: site })
      const found = items.find(({ state }) => state === 'running' || state === 'validating')
      if (found !== undefined) return found.node
      await delay(50)
    }
  }

  /** Silent before it starts: revoked, its place freed a quarter of an hour later, granted again when it is back. */
  const pier = async (): Promise<void> => {
    await apply('pier', 1, { max_parallel_nodes: 2 })
    await until('pier', 1, 'completed', ({ phase }) => phase === 'completed')
    signal(['pier-1'], 'SIGSTOP')
    await apply('pier', 2, { max_parallel_nodes: 2 })
    await until('pier', 2, 'revoked', ({ counts }) => counts.deferred === 1, 2 * MINUTE)
    await until('pier', 2, 'freed', (now) => now.phase === 'completed' && now.at_risk === 0, 20 * MINUTE)
    signal(['pier-1'], 'SIGCONT')
    await until('pier', 2, 'caught up', ({ counts }) => counts.healthy === 2, 2 * MINUTE)
  }
  /** Silent as a whole after one of it started: held, and nobody is condemned. */
  const quay = async (): Promise<void> => {
    await apply('quay', 1, { max_parallel_nodes: 1 })
    await firstRunning('quay')
    signal(['quay-1', 'quay-2'], 'SIGSTOP')
    await until('quay', 1, 'held', ({ holds }) => holds?.some(({ hold }) => hold === 'visibility') === true, 3 * MINUTE)
    signal(['quay-1', 'quay-2'], 'SIGCONT')
    await until('quay', 1, 'completed', ({ phase }) => phase === 'completed', 3 * MINUTE)
  }
  /** Silent after it started while the others of its site are heard: lost, and recovered when it is back. */
  const dock = async (): Promise<void> => {
    await apply('dock', 1, { max_parallel_nodes: 2, max_failed_nodes_percent: 50 })
    const node = await firstRunning('dock')
    signal([node], 'SIGSTOP')
    await until('dock', 1, 'lost', ({ phase, counts }) => phase === 'completed' && counts.lost === 1, 3 * MINUTE)
    signal([node], 'SIGCONT')
    await until('dock', 1, 'recovered', ({ counts }) => counts.healthy === 3, 3 * MINUTE)
  }
  try {
    await Promise.all([...agents.values()].map(({ ready }) => ready))
    const isThere = async () => (await client.nodes.list({ connection: 'connected' })).items.length > agents.size
    while (!(await isThere())) await delay(100)
    await Promise.all([pier(), quay(), dock()])
    for (const site of ['pier', 'quay', 'dock']) await client.jobs.stop(keyOf(site), { reason: 'enough' })
    await delay(2_000)
  } finally {
    signal([...agents.keys()], 'SIGCONT')
    await Promise.all([...agents.values()].map((agent) => agent.stop()))
  }
}

const startAgent = ({ nats }: Fleet, dataDir: string, node: string): Child => {
  const own = join(dataDir, 'nodes', node)
  mkdirSync(own, { recursive: true })
  const site = node.slice(0, node.indexOf('-'))
  const args = ['--nats-url', nats, '--exit-with-parent', '--node-id', node, '--data-dir', own, '--stop-tasks-on-exit']
  return startChild({
    name: node,
    source: 'services/node-agent/src/main.ts',
    args: () => [...args, '--label', `dunlin.io/site=${site}`],
    logFile: join(dataDir, 'logs', `${node}.log`),
    say: () => {},
  })
}
