/** Any process may be killed at any moment and started again without harm. */
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readLog } from './read-log.ts'
import { kill9, sleeper, startSystem, stateOf, until, type System } from './system.ts'

let system: System
beforeAll(async () => {
  system = await startSystem({ nodes: 4, instances: 2 })
})
afterAll(() => system.stop())

const slow = (name: string, seconds: number) =>
  sleeper(name, {
    config: { command: '/bin/sh', args: ['-c', `while :; do sleep ${seconds}; done`] },
    rollout: { max_parallel: 25, health_check: { interval: '300ms', success_threshold: 3, deadline: '60s' } },
  })
const settled = (name: string, version: number) =>
  until(
    `${name} version ${version} running`,
    async () => {
      const { status: job } = await system.client.jobs.get({ namespace: 'default', name })
      return (
        (job.rollout?.version === version && job.rollout.phase === 'completed' && job.state.state_type === 'running') ||
        undefined
      )
    },
    90_000,
  )
describe('kill -9', () => {
  it('of the rollout engine and the scheduler in the middle of a wave', async () => {
    await system.client.jobs.apply({ spec: slow('waves', 5) })
    await until(
      'first wave',
      async () =>
        ((await system.client.jobs.get({ namespace: 'default', name: 'waves' })).status.rollout?.wave ?? 0) >= 1 ||
        undefined,
    )
    for (const child of [...system.engines, ...system.schedulers]) kill9(child)
    expect(await settled('waves', 1)).toBe(true)
  })
  it('of the API: what was acknowledged is there, and the client goes on', async () => {
    const accepted = await system.client.jobs.apply({ spec: slow('api', 5) })
    kill9(system.api)
    await until(
      'the API is back',
      async () =>
        (await system.client.jobs.get({ namespace: 'default', name: 'api' })).status.version === accepted.version ||
        undefined,
    )
    expect(await settled('api', 1)).toBe(true)
  })
  it('of nats-server in the middle of a rollout', async () => {
    await system.client.jobs.apply({ spec: slow('server', 5) })
    await until(
      'first wave',
      async () =>
        ((await system.client.jobs.get({ namespace: 'default', name: 'server' })).status.rollout?.wave ?? 0) >= 1 ||
        undefined,
    )
    await system.nats.kill9()
    await system.nats.restart()
    expect(await settled('server', 1)).toBe(true)
  })
  it('of an agent: its tasks run on and are found again', async () => {
    const [agent] = system.agents
    if (agent === undefined) throw new Error('no agent')
    const before = taskPids(1)
    expect(before.length).toBeGreaterThan(0)
    kill9(agent)
    await until('the agent is back', () => agent.pid !== undefined || undefined)
    await until(
      'connected again',
      async () => (await system.client.nodes.get('edge-1')).connection === 'connected' || undefined,
    )
    expect(taskPids(1)).toEqual(before)
    expect(await stateOf(system, { namespace: 'default', name: 'waves' })).toBe('running')
  })
  it('left a log without gap or repeat', async () => {
    const seen = new Map<string, number>()
    for (const event of await readLog(system.client)) {
      if (event.kind === 'report') continue
      const subject = [event.kind, event.namespace, event.name, event.node].join(' ')
      const last = seen.get(subject) ?? 0
      expect(event.v, `${subject} at ${event.seq}`).toBe(last + 1)
      seen.set(subject, event.v)
    }
    expect(seen.size).toBeGreaterThan(0)
  })
})

/** Process ids of the tasks on a node, as its task directories tell them. */
const taskPids = (node: number): string[] => {
  const pids: string[] = []
  const walk = (dir: string): void => {
    for (const entry of readdirSync(dir, { withFileTypes: true })) {
      if (entry.isDirectory()) walk(`${dir}/${entry.name}`)
      else if (entry.name === 'pid') pids.push(readFileSync(`${dir}/${entry.name}`, 'utf8').trim())
    }
  }
  walk(system.nodeDir(node))
  return pids.sort()
}
