/**
 * What people do to nodes, and what time does to jobs: labels, a cordon, a drain in order with a batch job that finishes, one at
 * once, a node given up and taken back, a queue timeout and a total timeout.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { keyOf, loop, type Scene } from './scene.ts'

const health_check = { interval: '200ms', success_threshold: 1, failure_threshold: 2, deadline: '30s' }

export const playNodes: Scene = async ({ client }) => {
  const until = async (what: string, is: () => Promise<boolean>): Promise<void> => {
    const deadline = performance.now() + 60_000
    while (!(await is())) {
      if (performance.now() > deadline) throw new Error(`never: ${what}`)
      await delay(50)
    }
  }
  const stateOf = async (name: string) => (await client.jobs.get(keyOf(name))).status.state
  const becomes = (name: string, state: string) =>
    until(`${name} ${state}`, async () => (await stateOf(name)).state_type === state)
  const drained = (node: string) => until(`${node} drained`, async () => (await client.nodes.get(node)).drained)
  const apply = (name: string, script: string, more: object = {}) =>
    client.jobs.apply({
      spec: {
        name,
        type: 'process',
        config: { command: '/bin/sh', args: ['-c', script] },
        rollout: { strategy: 'immediate', health_check },
        ...more,
      },
    })

  await apply('shipper', loop(1), { priority: 90 })
  await becomes('shipper', 'running')
  await client.nodes.label('edge-1', { set: { ring: 'canary', spare: 'yes' } })
  await client.nodes.label('edge-1', { remove: ['spare'], reason: 'not any more' })
  await client.nodes.cordon('edge-2', { reason: 'new disk' })
  await client.nodes.cordon('edge-2', {}, { idempotencyKey: 'again' })
  await apply('count', 'sleep 8', { priority: 10, restart_policy: 'never' })
  await until(
    'the others count',
    async () => (await client.executions.list({ namespace: 'default', job: 'count' })).total === 2,
  )
  // The batch job finishes, then the other one stops.
  await client.nodes.drain('edge-1', { deadline: '40s', reason: 'new disk' })
  await drained('edge-1')
  await client.nodes.uncordon('edge-1')
  await client.nodes.uncordon('edge-2', { reason: 'the disk is in' })
  await becomes('count', 'completed')
  await becomes('shipper', 'running')
  await client.nodes.drain('edge-3', { deadline: '0s' })
  await drained('edge-3')
  await client.nodes.remove('edge-3', { force: true, reason: 'scrapped' })
  await client.nodes.approve('edge-3', { reason: 'that was another one' })
  await until('it is back', async () => (await client.nodes.get('edge-3')).connection === 'connected')
  await apply('nowhere', loop(2), { resources: { memory: '900TiB' }, timeouts: { queue_timeout: '3s' } })
  await becomes('nowhere', 'failed')
  await apply('short', loop(3), { timeouts: { total_timeout: '5s' } })
  await becomes('short', 'failed')
  await client.jobs.rerun(keyOf('short'), { reason: 'once more' })
  await becomes('short', 'running')
  for (const name of ['shipper', 'short']) await client.jobs.stop(keyOf(name), { reason: 'enough' })
  await delay(1_000)
}
