/** All of Dunlin on this machine: a server, the services and a number of agents, started in order and stopped in reverse. */
import { createClient, type Client } from '@dunlin/client'
import { killTasks } from '@dunlin/node-agent'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { startChild, type Child, type Facts } from './child.ts'
import { startLogServer, type LogServer } from './log-server.ts'
import { prepareSecurity, refuseOtherKind, type SecureFiles, type ServiceName } from './secure/files.ts'
import { joinNodes } from './secure/join-nodes.ts'
import { planNodes, type PlannedNode } from './node-plan.ts'
import { LaunchError, say, step } from './say.ts'

export interface FleetOptions {
  readonly nodes: number
  readonly apiPort: number
  readonly natsPort: number | undefined
  readonly dataDir: string
  readonly acceptRunningServer: boolean
  /** In whose name its client asks. */
  readonly actor: string
  /** Authorisation on: files, token and nodes' credentials lie in the data directory. */
  readonly secure?: boolean
}

export interface Fleet {
  readonly api: string
  readonly nats: string
  readonly natsVersion: string
  readonly nodes: readonly PlannedNode[]
  readonly client: Client
  /** With authorisation on: where everything lies. */
  readonly secure: SecureFiles | undefined
}

export interface Launch {
  /** Rejects with the reason when something does not start; `stop` still has to be called. */
  readonly ready: Promise<Fleet>
  /** Ends everything that was started, tasks included. */
  stop(): Promise<void>
  /** The same without asking politely. */
  kill(): Promise<void>
}

const CONNECTED_WITHIN_MS = 60_000

export const launchFleet = (options: FleetOptions): Launch => {
  const { dataDir, apiPort } = options
  const nodes = planNodes(options.nodes, dataDir)
  const stopping = new AbortController()
  const services: Child[] = []
  const agents: Child[] = []
  let starting: Promise<LogServer> | undefined

  const child = (
    group: Child[],
    name: string,
    source: string,
    args: (before: Facts | undefined) => string[],
  ): Child => {
    stopping.signal.throwIfAborted()
    const logFile = join(dataDir, 'logs', `${name}.log`)
    const started = startChild({ name, source, args, logFile, say })
    group.push(started)
    return started
  }

  const start = async (): Promise<Fleet> => {
    if (apiPort !== 0) await refuseUsedPort(apiPort, '--api-port')
    if (options.natsPort) await refuseUsedPort(options.natsPort, '--nats-port')
    refuseOtherKind(dataDir, options.secure ?? false)
    const secure = options.secure ? await prepareSecurity(dataDir) : undefined
    starting = startLogServer({
      port: options.natsPort,
      dataDir,
      acceptRunning: options.acceptRunningServer && secure === undefined,
      config: secure?.serverConfig,
    })
    const server = starting
    const { url: nats, version: natsVersion } = await step(
      'nats-server',
      () => server,
      (log) => `${log.version} at ${log.url}`,
    )
    const common = ['--nats-url', nats, '--exit-with-parent']
    const creds = (name: ServiceName): string[] =>
      secure ? [...common, '--nats-creds', secure.credentials[name]] : common
    const api = await step(
      'services',
      async () => {
        const started = [
          child(services, 'api', 'services/api/src/main.ts', (before) => [
            ...creds('api'),
            ...(secure ? ['--authority', secure.authorityFile, '--token-file', secure.tokenFile] : []),
            '--port',
            before === undefined ? String(apiPort) : new URL(String(before['url'])).port,
          ]),
          child(services, 'scheduler', 'services/scheduler/src/main.ts', () => [
            ...creds('scheduler'),
            ...(secure ? ['--admission', 'enrolled'] : []),
          ]),
          child(services, 'rollout-engine', 'services/rollout-engine/src/main.ts', () => creds('rollout-engine')),
        ]
        const [facts] = await Promise.all(started.map(({ ready }) => ready))
        if (typeof facts?.['url'] !== 'string') throw new LaunchError('the API did not say where it listens')
        return facts['url']
      },
      (url) => `api at ${url}, scheduler, rollout-engine`,
    )
    const client = createClient({ baseUrl: api, actor: options.actor, ...(secure ? { token: secure.token } : {}) })
    await step(
      'agents',
      async () => {
        if (secure) await joinNodes(client, api, nodes)
        const started = nodes.map((node) => {
          mkdirSync(node.appLogs, { recursive: true })
          return child(agents, node.id, 'services/node-agent/src/main.ts', () => [...common, ...agentArgs(node)])
        })
        await Promise.all(started.map(({ ready }) => ready))
        await untilConnected(client, nodes, stopping.signal)
      },
      () => `${nodes.length} connected: ${summary(nodes.map(({ id }) => id))}`,
    )
    return { api, nats, natsVersion, nodes, client, secure }
  }

  const end = async (how: 'stop' | 'kill'): Promise<void> => {
    stopping.abort(new LaunchError('stopped before everything was ready'))
    // Agents first: they still have somebody to tell. What an agent left running is ended here, whatever became of it.
    await Promise.all(agents.map((agent) => agent[how]()))
    await Promise.all(nodes.map((node) => killTasks(node.dataDir, how === 'stop' ? 2_000 : 0)))
    await Promise.all(services.map((service) => service[how]()))
    const server = await starting?.catch(() => undefined)
    await server?.[how]()
  }

  const ready = start()
  ready.catch(() => {})
  return { ready, stop: () => end('stop'), kill: () => end('kill') }
}

const agentArgs = ({ id, dataDir, labels, appLogs }: PlannedNode): string[] => [
  '--node-id',
  id,
  '--name',
  id,
  '--data-dir',
  dataDir,
  '--map-path',
  `/var/log/app=${appLogs}`,
  '--query-root',
  appLogs,
  '--stop-tasks-on-exit',
  ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
]

/** A node counts when the log says that it is connected: then the scheduler places jobs on it. */
const untilConnected = async (client: Client, nodes: readonly PlannedNode[], signal: AbortSignal): Promise<void> => {
  const deadline = performance.now() + CONNECTED_WITHIN_MS
  for (;;) {
    signal.throwIfAborted()
    const { items } = await client.nodes.list({ connection: 'connected', limit: 1000 }, { signal })
    const connected = new Set(items.map(({ id }) => id))
    const missing = nodes.map(({ id }) => id).filter((id) => !connected.has(id))
    if (missing.length === 0) return
    if (performance.now() > deadline)
      throw new LaunchError(`not connected after ${CONNECTED_WITHIN_MS / 1000} s: ${summary(missing)}`)
    await delay(50, undefined, { signal })
  }
}

const summary = (names: readonly string[]): string =>
  names.length > 6 ? `${names.slice(0, 3).join(', ')} ... ${names.at(-1)}` : names.join(', ')

/** Said before anything is started, because a service that finds its port taken can only say so in its log. */
const refuseUsedPort = (port: number, flag: string): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => {
      socket.destroy()
      reject(
        new LaunchError(
          `port ${port} on 127.0.0.1 is in use; free it, or choose another with ${flag} (0 = any free one)`,
        ),
      )
    })
    socket.once('error', () => resolve())
  })
