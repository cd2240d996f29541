/** A real server, the services in two instances, and a few agents, each bundled as production runs it. */
import { startServer, type NatsServer } from '@dunlin/nats-server'
import { AGENT_VERSION } from '@dunlin/node-agent'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { bundledService } from '../../bench/stage/bundled.ts'
import { bundleAgent } from '../../bench/stage/repository.ts'
import { CONFIG_ROOT, labelsOf } from '../load/jobs.ts'
import { makeVersions, type AgentVersions, type UpdatePlaces } from '../load/updates.ts'
import { startLaunched, type Agent } from './agents.ts'
import { endProcess } from './end-process.ts'
import { markedProcesses, type Marked } from './marked.ts'
import { startMember, type Member } from './member.ts'

export interface World {
  readonly dir: string
  /** Where the nodes lie, each with its folder. */
  readonly nodesDir: string
  /** Where tasks write what happened to them, one file for each node. */
  readonly ledgerDir: string
  readonly nats: NatsServer
  readonly apis: readonly Member[]
  readonly schedulers: readonly Member[]
  readonly engines: readonly Member[]
  readonly agents: readonly Agent[]
  readonly places: UpdatePlaces
  readonly versions: AgentVersions
  /** What ended by itself although nobody killed it. */
  readonly ownEnds: readonly string[]
  tasks(): readonly Marked[]
  /** Resolves when everything that was killed runs and is ready again. */
  allReady(): Promise<void>
  /** Who is not. */
  notReady(): readonly string[]
  /** SIGKILL to the server, now; it is back on its store after this time. False when it was away. */
  killServer(backInMs: number): boolean
  /** Ends everything; `keep` leaves the folder with its logs. */
  stop(keep: boolean): Promise<void>
}

export interface WorldOptions {
  readonly binary: string
  readonly nodes: number
  readonly instances: number
}

const START_WITHIN_MS = 90_000

export const startWorld = async ({ binary, nodes, instances }: WorldOptions): Promise<World> => {
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-chaos-'))
  const [nodesDir, ledgerDir, logs, bundles] = ['nodes', 'ledger', 'logs', 'bundles'].map((name) =>
    join(dir, name),
  ) as [string, string, string, string]
  for (const one of [nodesDir, ledgerDir, logs, bundles]) mkdirSync(one)
  mkdirSync(join(ledgerDir, CONFIG_ROOT))
  writeFileSync(join(ledgerDir, 'a.lines'), '{"n":1}\n')
  const places: UpdatePlaces = { bundle: join(bundles, 'agent'), versionsDir: join(dir, 'versions'), ledgerDir }
  const [, ...serviceFiles] = await Promise.all([
    bundleAgent(places.bundle),
    ...['api', 'scheduler', 'rollout-engine'].map((name) => bundledService(name, bundles)),
  ])
  const versions = makeVersions(places, AGENT_VERSION)
  const nats = await startServer({ binary, storeDir: join(dir, 'nats'), ownGroup: true })
  const ownEnds: string[] = []
  let server: Promise<void> = Promise.resolve()
  const named = (name: string) => ({
    name,
    logFile: join(logs, `${name}.log`),
    onOwnEnd: (how: string) => void ownEnds.push(`${name}: ${how}`),
  })
  const member = (name: string, file: string | undefined, args: Parameters<typeof startMember>[0]['args']): Member =>
    startMember({
      ...named(name),
      command: process.execPath,
      args: (before) => [file ?? '', '--nats-url', nats.url, ...args(before), '--exit-with-parent'],
    })
  const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
  const [apiFile, schedulerFile, engineFile] = serviceFiles
  const apis = numbers(instances).map((n) =>
    member(`api-${n}`, apiFile, ({ url }) => ['--port', typeof url === 'string' ? new URL(url).port : '0']),
  )
  // A name of its own lets an instance that was killed take its own lease again instead of waiting for its end.
  const owner = (name: string) => () => ['--owner', name]
  const schedulers = numbers(instances).map((n) => member(`scheduler-${n}`, schedulerFile, owner(`scheduler-${n}`)))
  const engines = numbers(instances).map((n) => member(`engine-${n}`, engineFile, owner(`engine-${n}`)))
  const services = [...apis, ...schedulers, ...engines]
  await Promise.race([
    Promise.all(services.map((one) => one.ready())),
    delay(START_WITHIN_MS, undefined, { ref: false }),
  ])
  const agents = await Promise.all(
    numbers(nodes).map((n) =>
      startLaunched({
        ...named(`edge-${n}`),
        dataDir: join(nodesDir, `edge-${n}`),
        bundle: places.bundle,
        env: { CHAOS_LEDGER: join(ledgerDir, `agents.edge-${n}`) },
        flags: [
          '--nats-url',
          nats.url,
          '--node-id',
          `edge-${n}`,
          '--artifact-root',
          places.versionsDir,
          '--config-root',
          join(ledgerDir, CONFIG_ROOT),
          ...labelsOf(n).flatMap((label) => ['--label', label]),
        ],
      }),
    ),
  )
  const all = [...services, ...agents.map(({ launcher }) => launcher)]
  const tasks = (): readonly Marked[] => markedProcesses(nodesDir)
  const allReady = async (): Promise<void> => {
    await server
    await Promise.all(all.map((one) => one.ready()))
  }
  const notReady = (): readonly string[] => [
    ...(nats.running ? [] : ['nats-server']),
    ...all.filter(({ isReady }) => !isReady).map(({ name }) => name),
  ]
  const stop = async (keep: boolean): Promise<void> => {
    await server
    await Promise.all(agents.map(({ launcher }) => launcher.stop()))
    await Promise.all(services.map((one) => one.stop()))
    await nats.stop()
    // By their own pids: whatever a task left behind has its mark.
    for (let left = tasks(); left.length > 0; left = tasks()) {
      for (const { pid } of left) endProcess(pid)
      await delay(20)
    }
    if (!keep) rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
  }
  const world = {
    dir,
    nodesDir,
    ledgerDir,
    nats,
    apis,
    schedulers,
    engines,
    agents,
    places,
    versions,
    ownEnds,
    tasks,
    allReady,
    notReady,
    stop,
  }
  const late = delay(START_WITHIN_MS, undefined, { ref: false })
  try {
    await Promise.race([allReady(), late])
    if (notReady().length > 0) throw new Error(`${notReady().join(', ')} did not start; logs: ${logs}`)
  } catch (error) {
    await stop(true)
    throw error
  }
  return {
    ...world,
    killServer: (backInMs) => {
      const wasRunning = nats.running
      const killed = nats.kill9()
      server = server.then(() => killed).then(() => bringBack(nats, backInMs))
      return wasRunning
    },
  }
}

const bringBack = async (nats: NatsServer, backInMs: number): Promise<void> => {
  await delay(backInMs)
  while (!nats.running) {
    try {
      await nats.restart()
    } catch {
      // Killed again before it answered.
      await delay(50)
    }
  }
}
