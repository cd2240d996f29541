/**
 * The whole system as real processes on loopback, each of which a test may kill. With DUNLIN_E2E_KEEP set the folder with
 * their logs stays (below the system's folder for temporary files, dunlin-e2e-*).
 */
import { createClient, type Client } from '@dunlin/client'
import type { JobKey } from '@dunlin/contracts'
import { startChild, type Child } from '@dunlin/infra/dev'
import { killTasks } from '@dunlin/node-agent'
import { startNatsServer, type TestNatsServer, type TestNatsServerOptions } from '@dunlin/testkit'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

export interface SystemOptions {
  readonly nodes?: number
  /** How many schedulers and rollout engines; 0 when only the intake matters. */
  readonly instances?: number
  /** How many APIs; the client speaks to the first. */
  readonly apis?: number
  readonly nats?: TestNatsServerOptions
}

export interface AgentOptions {
  readonly labels?: Readonly<Record<string, string>>
  /** Tasks outlive an agent that ends, as in production. */
  readonly keepTasks?: boolean
}

export interface System {
  readonly dir: string
  readonly nats: TestNatsServer
  readonly api: Child
  readonly apis: readonly Child[]
  readonly url: string
  readonly urls: readonly string[]
  readonly client: Client
  readonly schedulers: readonly Child[]
  readonly engines: readonly Child[]
  readonly agents: readonly Child[]
  /** Another node, or the same one again after its agent was stopped for good. */
  addAgent(node: number, options?: AgentOptions): Child
  /** Directory that stands for /var/log/app on a node. */
  appLogs(node: number): string
  nodeDir(node: number): string
  stop(): Promise<void>
}

/** SIGKILL; the launcher starts the child again, as a supervisor would. */
export const kill9 = (child: Child): number => {
  const { pid } = child
  if (pid === undefined) throw new Error(`${child.name} does not run`)
  process.kill(pid, 'SIGKILL')
  return pid
}

/** Asks until the answer is there; says what was seen last when it never comes. */
export const until = async <T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  withinMs = 45_000,
): Promise<T> => {
  const deadline = performance.now() + withinMs
  let last: unknown
  for (;;) {
    try {
      const answer = await ask()
      if (answer !== undefined && answer !== false) return answer
      last = answer
    } catch (error) {
      last = error instanceof Error ? error.message : error
    }
    if (performance.now() > deadline) throw new Error(`${what}: not within ${withinMs} ms; last: ${String(last)}`)
    await delay(50)
  }
}

export const startSystem = async (options: SystemOptions = {}): Promise<System> => {
  const { nodes = 3, instances = 1, apis: apiCount = 1 } = options
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-e2e-'))
  mkdirSync(join(dir, 'logs'))
  const nats = await startNatsServer(options.nats)
  const children: Child[] = []
  const child = (
    name: string,
    source: string,
    args: (before: Readonly<Record<string, unknown>> | undefined) => string[],
  ): Child => {
    const started = startChild({
      name,
      source,
      args: (before) => ['--nats-url', nats.url, '--exit-with-parent', ...args(before)],
      logFile: join(dir, 'logs', `${name}.log`),
      say: () => {},
    })
    children.push(started)
    return started
  }
  const nodeDir = (node: number): string => join(dir, `edge-${node}`)
  const appLogs = (node: number): string => join(nodeDir(node), 'var-log-app')
  const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)

  const apis = range(apiCount).map((n) =>
    child(n === 1 ? 'api' : `api-${n}`, 'services/api/src/main.ts', (before) => [
      '--port',
      before === undefined ? '0' : new URL(String(before['url'])).port,
    ]),
  )
  const schedulers = range(instances).map((n) => child(`scheduler-${n}`, 'services/scheduler/src/main.ts', () => []))
  const engines = range(instances).map((n) => child(`engine-${n}`, 'services/rollout-engine/src/main.ts', () => []))
  const agents: Child[] = []
  const nodeDirs = new Set<string>()
  const addAgent = (n: number, { labels = { env: 'production' }, keepTasks = false }: AgentOptions = {}): Child => {
    mkdirSync(appLogs(n), { recursive: true })
    nodeDirs.add(nodeDir(n))
    const agent = child(`edge-${n}`, 'services/node-agent/src/main.ts', () => [
      '--node-id',
      `edge-${n}`,
      '--data-dir',
      nodeDir(n),
      '--map-path',
      `/var/log/app=${appLogs(n)}`,
      '--label',
      `n=${n}`,
      ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
      ...(keepTasks ? [] : ['--stop-tasks-on-exit']),
    ])
    agents.push(agent)
    return agent
  }
  const stop = async (): Promise<void> => {
    await Promise.all(agents.map((agent) => agent.stop()))
    await Promise.all([...nodeDirs].map((one) => killTasks(one, 0)))
    await Promise.all(children.map((one) => one.stop()))
    await nats.stop()
    if (process.env['DUNLIN_E2E_KEEP'] === undefined) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    await Promise.all(children.map(({ ready }) => ready))
    // Agents say first that they are there and then every ten seconds: whoever judges should listen already.
    await Promise.all(range(nodes).map((n) => addAgent(n).ready))
    const urls = (await Promise.all(apis.map(({ ready }) => ready))).map((facts) => String(facts['url']))
    const [api] = apis
    const [url] = urls
    if (api === undefined || url === undefined) throw new Error('a system has one API at least')
    const client = createClient({ baseUrl: url, actor: 'e2e' })
    await until('all nodes connected', async () => {
      const { items } = await client.nodes.list({ connection: 'connected' })
      return items.length === nodes || undefined
    })
    const parts = { dir, nats, api, apis, url, urls, client, schedulers, engines, agents }
    return { ...parts, addAgent, appLogs, nodeDir, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

export const stateOf = async (system: System, key: JobKey): Promise<string> =>
  (await system.client.jobs.get(key)).status.state.state_type

/** A process job that runs until it is stopped. */
export const sleeper = (
  name: string,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> => ({
  name,
  type: 'process',
  config: { command: '/bin/sh', args: ['-c', 'while :; do sleep 1; done'] },
  selector: { match_labels: { env: 'production' } },
  rollout: {
    strategy: 'rolling',
    max_parallel: 50,
    health_check: { interval: '200ms', success_threshold: 2, deadline: '60s' },
  },
  ...more,
})
