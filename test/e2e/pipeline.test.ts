/** The seed's job on real log files: lines go in, processed messages come out, and errors count. */
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect, type NatsConnection } from 'nats'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kill9, startSystem, until, type System } from './system.ts'

const key = { namespace: 'production', name: 'log-processor' }
let system: System
let nats: NatsConnection
/** The newest heartbeat's messages in and failed, by execution. */
const counters = new Map<string, { readonly in: number; readonly er: number }>()
beforeAll(async () => {
  system = await startSystem({ nodes: 2 })
  nats = await connect({ servers: system.nats.url })
  nats.subscribe('hb.>', {
    callback: (error, message) => {
      if (error !== null) return
      const { ex } = message.json<{ ex?: readonly { x: string; in: number; er: number }[] }>()
      for (const one of ex ?? []) counters.set(one.x, one)
    },
  })
  await nats.flush()
})
afterAll(async () => {
  await nats.close()
  await system.stop()
})

const seed = JSON.parse(readFileSync(join(import.meta.dirname, '../../examples/log-processor.json'), 'utf8')) as object
const rollout = {
  strategy: 'rolling',
  max_parallel: 50,
  health_check: { interval: '300ms', max_error_rate: 0.5, success_threshold: 2, failure_threshold: 2, deadline: '60s' },
}

const written = new Map<string, number[]>()
let made = 0
/** An application logs a line on a node; in a second file too, because the job names all of them. */
const log = (node: number, file = 'web.log'): void => {
  made += 1
  appendFileSync(join(system.appLogs(node), file), `${JSON.stringify({ n: made, level: 'info', duration: '41ms' })}\n`)
  written.set(`edge-${node}`, [...(written.get(`edge-${node}`) ?? []), made])
}
const executionOn = async (node: number): Promise<string> => {
  const query = { namespace: key.namespace, job: key.name, node: `edge-${node}`, state: 'running' } as const
  const { items } = await system.client.executions.list(query)
  if (items.length !== 1) throw new Error(`${items.length} executions run on edge-${node}`)
  return (items[0] as { id: string }).id
}
interface Processed {
  readonly n: number
  readonly level: string
  readonly processed_at: string
}
/** Whole lines that have come out on a node, over all executions. */
const output = (node: number): readonly string[] => {
  const tasks = join(system.nodeDir(node), 'tasks')
  return readdirSync(tasks).flatMap((task) =>
    readFileSync(join(tasks, task, 'logs', 'stdout'), 'utf8')
      .split('\n')
      .slice(0, -1),
  )
}
/** Without the messages that failed: those come out as they went in. */
const processed = (node: number): readonly Processed[] =>
  output(node)
    .filter((line) => line.includes('processed_at'))
    .map((line) => JSON.parse(line) as Processed)
const cameOut = (node: number): Promise<true> =>
  until(`all lines of edge-${node} came out`, () => {
    const out = new Set(processed(node).map(({ n }) => n))
    return (written.get(`edge-${node}`) ?? []).every((n) => out.has(n)) || undefined
  })
const ascending = (numbers: readonly number[]): number[] => numbers.toSorted((a, b) => a - b)

describe('log-processor', () => {
  it('reads what the files hold, adds processed_at, and becomes healthy everywhere', async () => {
    for (const node of [1, 2]) for (let n = 0; n < 50; n += 1) log(node)
    await system.client.jobs.apply({ spec: { ...seed, rollout } })
    await until('healthy', async () => {
      const { status } = await system.client.jobs.get(key)
      return (status.state.state_type === 'running' && status.rollout?.counts.healthy === 2) || undefined
    })
    for (const node of [1, 2]) {
      await cameOut(node)
      for (const { level, processed_at } of processed(node)) {
        expect(level).toBe('info')
        expect(new Date(processed_at).getTime()).toBeGreaterThan(Date.now() - 120_000)
      }
      expect(processed(node).map(({ n }) => n)).toEqual(written.get(`edge-${node}`))
    }
  })

  it('follows what is appended, and files that appear later', async () => {
    for (let n = 0; n < 20; n += 1) log(1)
    for (let n = 0; n < 20; n += 1) log(1, 'later.log')
    expect(await cameOut(1)).toBe(true)
    expect(ascending(processed(1).map(({ n }) => n))).toEqual(ascending(written.get('edge-1') ?? []))
  })

  it('counts a line that is not JSON as an error, and goes on', async () => {
    const execution = await executionOn(1)
    const before = counters.get(execution)
    appendFileSync(join(system.appLogs(1), 'web.log'), 'this is no JSON\n')
    log(1)
    await cameOut(1)
    const lines = (written.get('edge-1') ?? []).length + 1
    const now = await until('a heartbeat has counted all lines', () => {
      const latest = counters.get(execution)
      return latest?.in === lines ? latest : undefined
    })
    expect([before?.er ?? 0, now.er]).toEqual([0, 1])
    expect(output(1)).toContain('this is no JSON')
  })

  it('is not touched by an agent that is killed and started again', async () => {
    const [agent] = system.agents
    if (agent === undefined) throw new Error('no agent')
    const pidFile = join(system.nodeDir(1), 'tasks', await executionOn(1), 'pid')
    const before = readFileSync(pidFile, 'utf8')
    const pid = kill9(agent)
    for (let n = 0; n < 30; n += 1) log(1)
    expect(await cameOut(1)).toBe(true)
    await until('the agent is back', () => (agent.pid !== undefined && agent.pid !== pid) || undefined)
    for (let n = 0; n < 30; n += 1) log(1)
    await cameOut(1)
    expect(readFileSync(pidFile, 'utf8')).toBe(before)
    // Nothing twice, nothing lost.
    expect(ascending(processed(1).map(({ n }) => n))).toEqual(ascending(written.get('edge-1') ?? []))
  })

  it('goes on where it was when its own process is killed', async () => {
    const pidFile = join(system.nodeDir(2), 'tasks', await executionOn(2), 'pid')
    const [, pid] = readFileSync(pidFile, 'utf8').split(' ')
    process.kill(Number(pid), 'SIGKILL')
    for (let n = 0; n < 30; n += 1) log(2)
    expect(await cameOut(2)).toBe(true)
  })

  it('halts at the first node when a mapping fails on real lines, and the other goes on', async () => {
    const mapping = 'root = this\nroot.duration_ms = this.duration.number()\n'
    const config = { ...(seed as { config: object }).config, pipeline: { processors: [{ mapping }] } }
    await system.client.jobs.apply({
      spec: { ...seed, config, rollout: { ...rollout, max_failed_nodes: 0, no_auto_rollback: true } },
    })
    await until('halted', async () => {
      for (const node of [1, 2]) log(node)
      const { status } = await system.client.jobs.get(key)
      return status.state.state_type === 'rollout_failed' || undefined
    })
    const { status } = await system.client.jobs.get(key)
    expect(status.rollout).toMatchObject({ version: 2, phase: 'halted', counts: { failed: 1, healthy: 0 } })
    const { items } = await system.client.executions.list({ namespace: key.namespace, job: key.name })
    const failed = items.filter(({ verdict }) => verdict?.is === 'failed')
    expect(failed.map(({ version, verdict }) => [version, verdict?.reason])).toEqual([[2, expect.any(String)]])
    const spared = failed[0]?.node === 'edge-1' ? 2 : 1
    log(spared)
    expect(await cameOut(spared)).toBe(true)
  })
})
