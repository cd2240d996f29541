/**
 * Five ways in which other systems lose a node's work around a lost connection. Each is tried on two nodes beside each other: one as
 * it is, and one from which a port takes the defence away. The whole one is right again; on the other the defect shows.
 */
import type { ExecutionView } from '@dunlin/contracts'
import { connectAgent, type ConnectedAgent } from '@dunlin/nats/agent'
import { killTasks, openJournal, processDriver, startAgent, type Driver, type RunningAgent } from '@dunlin/node-agent'
import { silentLogger, systemClock, systemRandom } from '@dunlin/runtime/agent'
import type { JournalId, NodeId } from '@dunlin/contracts/agent'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { layCable, type Cable } from './cable.ts'
import { readLog } from './read-log.ts'
import { sleeper, startSystem, until, type System } from './system.ts'

/** What a node lacks. */
interface Lacks {
  /** Wraps what the connection gives. */
  readonly connection?: (whole: ConnectedAgent) => ConnectedAgent
  readonly driver?: (whole: Driver) => Driver
}

interface TriedNode {
  readonly id: string
  readonly cable: Cable
  readonly dir: string
  readonly agent: RunningAgent
  readonly end: () => Promise<void>
}

let system: System
let nodes: TriedNode[] = []
let dirs: string[] = []
let tried = 0
const took: number[] = []

beforeAll(async () => {
  system = await startSystem({ nodes: 0 })
})
afterEach(async () => {
  await Promise.all(nodes.map((node) => node.end()))
  nodes = []
  for (const dir of dirs) {
    await killTasks(dir, 0)
    rmSync(dir, { recursive: true, force: true })
  }
  dirs = []
})
afterAll(async () => {
  // The goal is 5 s. Told and not asserted: this machine may be busy.
  process.stdout.write(`reconverge: right again after ${took.map((ms) => Math.round(ms)).join(', ')} ms\n`)
  await system.stop()
})

const startNode = async (id: string, defect: string, lacks: Lacks = {}): Promise<TriedNode> => {
  const dir = mkdtempSync(join(tmpdir(), 'dunlin-e2e-node-'))
  dirs.push(dir)
  const cable = await layCable(system.nats.url)
  const whole = await connectAgent({ url: cable.url, name: id, maxReconnectDelayMs: 300 })
  const { bus, reports, desired, specs } = lacks.connection?.(whole) ?? whole
  const journal = openJournal({
    file: join(dir, 'journal.db'),
    newId: () => systemRandom.ulid(systemClock.nowMs()) as JournalId,
    logger: silentLogger,
  })
  const driver = processDriver()
  const agent = await startAgent(
    {
      bus,
      reports,
      desired,
      specs,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      journal,
      drivers: [lacks.driver?.(driver) ?? driver],
    },
    {
      node: id as NodeId,
      agentVersion: 'test',
      labels: { env: 'production', defect },
      resources: { cpus: 1, memoryBytes: 1_000_000 },
      dataDir: dir,
      timings: { stopGraceMs: 200, pollMs: 50 },
    },
  )
  let ended: Promise<void> | undefined
  const end = (): Promise<void> =>
    (ended ??= (async () => {
      cable.pull()
      await Promise.all([agent.stop(), whole.close()])
      await cable.stop()
    })())
  const node = { id, cable, dir, agent, end }
  nodes.push(node)
  await agent.announced
  return node
}

/** A node as it is and one that lacks something, connected. */
const startBoth = async (lacks: Lacks): Promise<{ whole: TriedNode; lacking: TriedNode; defect: string }> => {
  const defect = `d${(tried += 1)}`
  const [whole, lacking] = await Promise.all([
    startNode(`whole-${tried}`, defect),
    startNode(`lacking-${tried}`, defect, lacks),
  ])
  for (const { id } of [whole, lacking])
    await until(`${id} is connected`, async () => (await system.client.nodes.get(id)).connection === 'connected')
  return { whole, lacking, defect }
}

const apply = (name: string, defect: string, script: string, more: Readonly<Record<string, unknown>> = {}) =>
  system.client.jobs.apply({
    spec: sleeper(name, {
      config: { command: '/bin/sh', args: ['-c', script] },
      selector: { match_labels: { defect } },
      rollout: { strategy: 'immediate', health_check: { interval: '200ms', success_threshold: 2, deadline: '60s' } },
      ...more,
    }),
  })
const LONG = 'while :; do sleep 1; done'

const executions = async (job: string, { id }: TriedNode): Promise<readonly ExecutionView[]> =>
  (await system.client.executions.list({ namespace: 'default', job, node: id, limit: 100 })).items
/** `version:state` of each execution of a job on a node. */
const states = async (job: string, node: TriedNode): Promise<readonly string[]> =>
  (await executions(job, node)).map(({ version, state }) => `${version}:${state}`).toSorted()
const reach = (job: string, node: TriedNode, wanted: string) =>
  until(`${job} on ${node.id} is ${wanted}`, async () => {
    const seen = await states(job, node)
    if (seen.includes(wanted)) return true
    throw new Error(`it is ${seen.join(', ')}`)
  })
const running = (job: string, node: TriedNode, version = 1) => reach(job, node, `${version}:running`)
const granted = (job: string, node: TriedNode, version = 1) =>
  until(`version ${version} of ${job} is granted to ${node.id}`, async () =>
    (await executions(job, node)).some((one) => one.version === version),
  )
/** Work of the other node has come through, and a moment has passed: what has not happened by now has no cause to happen. */
const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 250))

/** Waits, and notes how long it took since the network was back. */
const rightAgain = async (...conditions: Promise<unknown>[]): Promise<void> => {
  const since = performance.now()
  await Promise.all(conditions)
  took.push(performance.now() - since)
}

/** Hears nothing of the connection's coming back. */
const noticesNothing = (whole: ConnectedAgent): ConnectedAgent => ({
  ...whole,
  bus: { ...whole.bus, onLive: () => ({ stop: () => {} }) },
})

describe('after a lost connection a node is right again, and without its defence it is not', () => {
  it('1: an assignment that was sent while nobody listened is found by reading the document', async () => {
    const { whole, lacking, defect } = await startBoth({ connection: noticesNothing })
    for (const { cable } of [whole, lacking]) cable.pull()
    await apply('lost-assignment', defect, LONG)
    await Promise.all([granted('lost-assignment', whole), granted('lost-assignment', lacking)])
    for (const { cable } of [whole, lacking]) cable.plug()
    await rightAgain(running('lost-assignment', whole))
    await moment()
    expect(await states('lost-assignment', lacking)).toEqual(['1:pending'])
  })

  it('2: a node that comes back is given what the centre believes it has already', async () => {
    const defect = `d${(tried += 1)}`
    // The start hangs: the log knows `starting`, and then the machine and its disk are lost.
    const hangs = (driver: Driver): Driver => ({ ...driver, start: () => new Promise(() => {}) })
    const ids = [`whole-${tried}`, `lacking-${tried}`] as const
    const first = await Promise.all(ids.map((id) => startNode(id, defect, { driver: hangs })))
    await apply('believed', defect, LONG)
    await Promise.all(first.map((node) => reach('believed', node, '1:starting')))
    await Promise.all(first.map((node) => node.end()))
    const [whole, lacking] = await Promise.all([
      startNode(ids[0], defect),
      // Waits to be sent what is new.
      startNode(ids[1], defect, {
        connection: (connection) => ({ ...connection, desired: { get: async () => undefined } }),
      }),
    ])
    await running('believed', whole)
    await moment()
    expect(await states('believed', lacking)).not.toContain('1:running')
  })

  it('3: an execution that never ended keeps no later one from the node', async () => {
    // An executor that cannot get rid of the former one.
    const clings = (driver: Driver): Driver => ({ ...driver, stop: () => new Promise(() => {}) })
    const { whole, lacking, defect } = await startBoth({ driver: clings })
    await apply('occupied', defect, LONG)
    await Promise.all([running('occupied', whole), running('occupied', lacking)])
    for (const { cable } of [whole, lacking]) cable.pull()
    await apply('occupied', defect, `true; ${LONG}`)
    // For the centre both nodes are occupied by version 1, and stay so until they say something else.
    await Promise.all([granted('occupied', whole, 2), granted('occupied', lacking, 2)])
    for (const { cable } of [whole, lacking]) cable.plug()
    await rightAgain(running('occupied', whole, 2))
    await moment()
    expect(await states('occupied', lacking)).not.toContain('2:running')
  })

  it('4: what ended meanwhile is told, once, whether the report or its acknowledgement was lost', async () => {
    let isForgetful = false
    const { whole, lacking, defect } = await startBoth({
      connection: (connection) => ({
        ...connection,
        reports: {
          ...connection.reports,
          // Sent and forgotten.
          append: async (request) =>
            isForgetful
              ? { ok: true, seq: request.expected + 1, duplicate: false }
              : connection.reports.append(request),
        },
      }),
    })
    const script = (name: string): string => `while [ ! -e ${join(whole.dir, name)} ]; do sleep 0.05; done`
    const batch = { restart_policy: 'never' }
    await Promise.all([
      apply('report-lost', defect, script('one'), batch),
      apply('answer-lost', defect, script('two'), batch),
    ])
    for (const job of ['report-lost', 'answer-lost']) await Promise.all([running(job, whole), running(job, lacking)])
    isForgetful = true
    for (const { cable } of [whole, lacking]) cable.pull()
    writeFileSync(join(whole.dir, 'one'), '')
    await moment()
    for (const { cable } of [whole, lacking]) cable.plug()
    await rightAgain(reach('report-lost', whole, '1:completed'))
    // Now the report is stored, and the node does not hear that it was.
    whole.cable.withhold()
    writeFileSync(join(whole.dir, 'two'), '')
    await reach('answer-lost', whole, '1:completed')
    whole.cable.pull()
    whole.cable.plug()
    await moment()
    for (const job of ['report-lost', 'answer-lost']) expect(await states(job, lacking)).toEqual(['1:running'])
    const told = (await readLog(system.client))
      .filter(({ kind, node }) => kind === 'report' && node === whole.id)
      .flatMap(({ events }) => events)
      .filter(({ state }) => state === 'completed')
      .map(({ type, execution }) => `${type} ${String(execution)}`)
    const ids = (await Promise.all(['report-lost', 'answer-lost'].map((job) => executions(job, whole)))).flat()
    expect(told).toEqual(ids.map(({ id }) => `ExecutionReported ${id}`))
  })

  it('5: everything that differs is made right at once: begun, replaced, stopped and told', async () => {
    const { whole, lacking, defect } = await startBoth({ connection: noticesNothing })
    await Promise.all([apply('replaced', defect, LONG), apply('stopped', defect, LONG)])
    for (const job of ['replaced', 'stopped']) await Promise.all([running(job, whole), running(job, lacking)])
    for (const { cable } of [whole, lacking]) cable.pull()
    await Promise.all([
      apply('replaced', defect, `true; ${LONG}`),
      apply('begun', defect, LONG),
      system.client.jobs.stop({ namespace: 'default', name: 'stopped' }),
    ])
    await Promise.all([granted('replaced', whole, 2), granted('begun', whole), granted('begun', lacking)])
    for (const { cable } of [whole, lacking]) cable.plug()
    const isRunning = async (node: TriedNode): Promise<boolean> =>
      (await executions('stopped', node)).some(({ state }) => state === 'running')
    await rightAgain(
      running('replaced', whole, 2),
      running('begun', whole),
      until('the other is stopped', async () => !(await isRunning(whole))),
    )
    await moment()
    expect(await states('begun', lacking)).toEqual(['1:pending'])
    expect(await isRunning(lacking)).toBe(true)
  })
})
