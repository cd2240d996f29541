/** What a user does on the first day, on real processes. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sleeper, startSystem, stateOf, until, type System } from './system.ts'

const key = { namespace: 'default', name: 'sleeper' }
let system: System
beforeAll(async () => {
  system = await startSystem({ nodes: 3 })
})
afterAll(() => system.stop())

const running = () => until('running', async () => (await stateOf(system, key)) === 'running' || undefined)

describe('a process job', () => {
  it('reaches all nodes in waves and becomes healthy', async () => {
    const accepted = await system.client.jobs.apply({ spec: sleeper('sleeper') })
    expect(accepted).toMatchObject({ version: 1, unchanged: false })
    await running()
    const { status: job } = await system.client.jobs.get(key)
    expect(job.rollout).toMatchObject({ phase: 'completed', waves: [2, 1], counts: { healthy: 3, failed: 0, open: 0 } })
    const { items } = await system.client.executions.list({ namespace: 'default', job: 'sleeper' })
    expect(items.map(({ state }) => state)).toEqual(['running', 'running', 'running'])
  })
  it('is unchanged when it is applied again', async () => {
    expect(await system.client.jobs.apply({ spec: sleeper('sleeper') })).toMatchObject({ version: 1, unchanged: true })
  })
  it('is not restarted by another description', async () => {
    const before = await system.client.executions.list({ namespace: 'default', job: 'sleeper' })
    await system.client.jobs.apply({ spec: sleeper('sleeper', { description: 'sleeps' }) })
    await until(
      'evaluated',
      async () => (await system.client.jobs.get(key)).status.placement?.version === 2 || undefined,
    )
    const after = await system.client.executions.list({ namespace: 'default', job: 'sleeper' })
    expect(after.items.map(({ id }) => id)).toEqual(before.items.map(({ id }) => id))
  })
  it('moves to another content, node by node', async () => {
    const before = await system.client.executions.list({ namespace: 'default', job: 'sleeper' })
    const config = { command: '/bin/sh', args: ['-c', 'while :; do sleep 2; done'] }
    await system.client.jobs.apply({ spec: sleeper('sleeper', { config }) })
    await until('version 3', async () => {
      const { status: job } = await system.client.jobs.get(key)
      return (job.rollout?.version === 3 && job.state.state_type === 'running') || undefined
    })
    const after = await system.client.executions.list({ namespace: 'default', job: 'sleeper', state: 'running' })
    expect(new Set(after.items.map(({ previous }) => previous))).toEqual(new Set(before.items.map(({ id }) => id)))
  })
  it('follows its selector', async () => {
    const config = { command: '/bin/sh', args: ['-c', 'while :; do sleep 2; done'] }
    await system.client.jobs.apply({
      spec: sleeper('sleeper', { config, selector: { match_expressions: ['n in (1,2)'] } }),
    })
    const nodes = await until('two run', async () => {
      const { items } = await system.client.executions.list({ namespace: 'default', job: 'sleeper', state: 'running' })
      return items.length === 2 ? items.map(({ node }) => node) : undefined
    })
    expect(new Set(nodes)).toEqual(new Set(['edge-1', 'edge-2']))
  })
  it('stops, and is deleted only then', async () => {
    await expect(system.client.jobs.delete(key)).rejects.toMatchObject({ code: 'job_not_stopped' })
    await system.client.jobs.stop(key, { reason: 'enough' })
    expect(await system.client.jobs.get(key)).toMatchObject({
      status: { state: { state_type: 'stopped', message: 'enough' } },
    })
    await system.client.jobs.delete(key)
    await expect(system.client.jobs.get(key)).rejects.toMatchObject({ code: 'job_not_found' })
  })
})

describe('a broken job', () => {
  it('halts at its second node, and says why', async () => {
    const broken = sleeper('broken', { config: { command: '/nonexistent/program' } })
    await system.client.jobs.apply({ spec: broken })
    const name = { namespace: 'default', name: 'broken' }
    await until('halted', async () => (await stateOf(system, name)) === 'rollout_failed' || undefined)
    const { status: job } = await system.client.jobs.get(name)
    expect(job.state.reason).toBe('analysis')
    expect(job.rollout?.counts).toMatchObject({ failed: 2, healthy: 0, open: 0 })
    const { items } = await system.client.executions.list({ namespace: 'default', job: 'broken' })
    expect(items).toHaveLength(2)
    for (const execution of items) expect(execution.error?.message).toContain('/nonexistent/program')
  })
  it('is queued when no node matches, with the count of each reason', async () => {
    await system.client.jobs.apply({ spec: sleeper('nowhere', { selector: { match_labels: { env: 'mars' } } }) })
    const name = { namespace: 'default', name: 'nowhere' }
    await until('queued', async () => (await stateOf(system, name)) === 'queued' || undefined)
    expect((await system.client.jobs.get(name)).status.placement?.left_out).toEqual({ selector: 3 })
  })
})
