/** Stories about nodes that are away, and about how many may be unhealthy at once. */
import { A, quick, type Stage } from '../run/stage.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const all = (stage: Stage): number[] => [...stage.world.agents.nodes.keys()].map((_, index) => index)
const running = (stage: Stage): number => all(stage).filter((node) => stage.runs(node, A).length === 1).length
/** Passes in small steps and keeps the lowest number of nodes that run the job. */
const lowest = async (stage: Stage, ms: number): Promise<number> => {
  let least = Infinity
  for (let passed = 0; passed < ms; passed += 500) {
    await stage.pass(500)
    least = Math.min(least, running(stage))
  }
  return least
}

// Nodes that are away.

story('k8s #117204', 'offline before is deferred, lost after is a failure', { nodes: 8 }, async (stage) => {
  for (const node of [0, 1]) stage.silence(node, true)
  await stage.pass(60_000)
  await stage.apply(A, 'good', quick({ max_parallel: 25 }))
  await stage.pass(60_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 6, deferred: 2, lost: 0 } })
  await stage.apply(A, 'mute', quick({ max_parallel: 50 }))
  await stage.until('the release that kills the network is rolled back', () =>
    stage.rollouts(A).some((one) => one.startsWith('v3 rollback')),
  )
  expect(stage.job(A).rollouts.past.at(-1)).toMatchObject({ phase: 'halted', counts: { lost: 2, healthy: 0 } })
  await stage.pass(60_000)
  expect(running(stage)).toBeGreaterThanOrEqual(6)
})
story('k8s test-infra PR #31706', '3 unknown nodes do not block a budget of one', { nodes: 24 }, async (stage) => {
  for (const node of [3, 7, 11]) stage.silence(node, true)
  await stage.pass(60_000)
  await stage.apply(A, 'good', quick({ max_parallel_nodes: 1 }))
  await stage.pass(120_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 21, deferred: 3 } })
})
story('hawkBit #693', 'a node that never comes back is lost, and is not waited for', { nodes: 4 }, async (stage) => {
  await stage.apply(A, 'mute', quick({ max_parallel_nodes: 1, no_auto_rollback: true }))
  await stage.until('the silent node is lost', () => stage.rollout(A).counts.lost === 1, 5 * 60_000)
  expect(stage.rollout(A).phase).toBe('halted')
})
story(
  'Ansible #82834',
  'an unreachable node stops nobody, and its share of a wave is not lost',
  { nodes: 10 },
  async (stage) => {
    for (const node of [0, 1, 2, 3]) stage.silence(node, true)
    await stage.pass(60_000)
    await stage.apply(A, 'good', quick({ max_parallel: 20 }))
    await stage.pass(60_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 6, deferred: 4 } })
    for (const node of [0, 1, 2, 3]) stage.silence(node, false)
    await stage.pass(60_000)
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 10, deferred: 0 })
  },
)
story(
  'Nomad #12940',
  'a site that goes silent is a hold, not a failure, and goes on',
  { nodes: 8, sites: 2 },
  async (stage) => {
    await stage.apply(A, 'slow', quick({ max_parallel: 50 }))
    await stage.until('grants are open', () => stage.rollout(A).counts.open > 0)
    await stage.pass(1_000)
    for (const node of [0, 2, 4, 6]) stage.silence(node, true)
    await stage.pass(120_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { failed: 0, lost: 0 } })
    expect(Object.keys(stage.rollout(A).holds)).toEqual(['visibility'])
    for (const node of [0, 2, 4, 6]) stage.silence(node, false)
    await stage.until('it completes', () => stage.rollout(A).phase === 'completed')
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 8, failed: 0, lost: 0 })
  },
)

// How many may be unhealthy.

story('k8s #123232', 'three failing updates leave all but the budget running', { nodes: 8 }, async (stage) => {
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await stage.pass(20_000)
  const health_check = { interval: '1s', success_threshold: 2, failure_threshold: 2, deadline: '60s' }
  for (const program of ['bad', 'crashes', 'loops']) {
    await stage.apply(A, program, { max_parallel: 25, no_auto_rollback: true, analysis: 'off', health_check })
    expect(await lowest(stage, 15_000)).toBeGreaterThanOrEqual(6)
  }
  await stage.apply(A, 'better', quick({ max_parallel: 25 }))
  await stage.pass(90_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 8 } })
})
story(
  'Nomad GH-27284',
  'an evaluation while grants are pending grants nobody more',
  { nodes: 12, instances: { scheduler: 1, engine: 2, api: 1 } },
  async (stage) => {
    const { world } = stage
    world.store.faults.log.delayDelivery(800)
    await stage.apply(A, 'slow', quick({ max_parallel: 25 }), { match_labels: { env: 'production' } })
    for (const [index, node] of [...world.agents.nodes.keys()].entries()) {
      if (index % 4 === 3) world.tellNode(node, 'label', { set: { env: 'production' } })
      await stage.pass(700)
    }
    world.store.faults.log.delayDelivery(0)
    await stage.pass(120_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'completed', counts: { healthy: 12 } })
  },
)
story(
  'Nomad #3836',
  'a rollback keeps the budgets: healthy nodes are not taken down for it',
  { nodes: 10 },
  async (stage) => {
    await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
    await stage.pass(20_000)
    await stage.apply(
      A,
      'half',
      quick({ max_parallel: 20, analysis: 'off', max_failed_nodes_percent: 100, max_failed_nodes: 1 }),
    )
    expect(await lowest(stage, 120_000)).toBeGreaterThanOrEqual(8)
    expect(stage.rollouts(A).at(-1)).toBe('v3 rollback completed')
    expect(running(stage)).toBe(10)
  },
)
story(
  'GitLab delivery #951',
  'canaries and waves share one budget, and a wave is spread over sites',
  { nodes: 12, sites: 3 },
  async (stage) => {
    await stage.apply(A, 'good', quick({ strategy: 'canary', canary_count: 2, max_parallel: 25 }))
    await stage.until('it waits', () => stage.rollout(A).holds.canary !== undefined)
    expect(await stage.send(A, 'promote')).toBe('ok')
    await stage.pass(60_000)
    const { targets, phase, budget } = stage.rollout(A)
    expect([phase, budget]).toEqual(['completed', 3])
    const sites = targets.slice(2, 5).map((node) => Number(node.slice(4)) % 3)
    expect(new Set(sites).size).toBe(3)
  },
)
story('hawkBit #1548', 'newcomers do not all get it at once', { nodes: 16 }, async (stage) => {
  const { world } = stage
  await stage.apply(A, 'good', quick({ max_parallel_nodes: 2 }), { match_labels: { env: 'production' } })
  await stage.until('it completes', () => stage.rollout(A).phase === 'completed')
  for (const [index, node] of [...world.agents.nodes.keys()].entries())
    if (index % 4 === 3) world.tellNode(node, 'label', { set: { env: 'production' } })
  await stage.pass(900)
  expect(stage.rollout(A).counts.open).toBeLessThanOrEqual(2)
  await stage.pass(60_000)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 16, open: 0 })
})
story(
  'hawkBit PR #328, PR #2449',
  'targets that are removed leave the numbers they were in',
  { nodes: 8 },
  async (stage) => {
    const { world } = stage
    await stage.apply(
      A,
      'half',
      quick({ max_parallel: 50, analysis: 'off', max_failed_nodes_percent: 50, no_auto_rollback: true }),
    )
    await stage.until('a node failed', () => stage.rollout(A).counts.failed > 0)
    for (const [node, slot] of stage.rollout(A).slots)
      if (slot === 'failed') world.tellNode(node, 'remove', { force: true })
    world.tellNode(stage.rollout(A).targets.at(-1) ?? ('' as never), 'remove', { force: true })
    await stage.pass(120_000)
    const { counts, slots, phase } = stage.rollout(A)
    expect(Object.values(counts).reduce((sum, count) => sum + count, 0)).toBe(slots.size)
    expect(counts.removed).toBeGreaterThan(0)
    expect(phase !== 'planning').toBe(true)
    expect(counts.open).toBe(0)
  },
)

story('A1', 'a node whose grant was revoked gets one grant when it is back', { nodes: 4 }, async (stage) => {
  const { world } = stage
  for (const node of [0, 1, 2, 3]) stage.silence(node, true)
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await stage.until('grants are revoked', () => stage.rollout(A).counts.deferred === 2, 5 * 60_000)
  for (const node of world.agents.nodes.keys()) world.agents.silence(node, false)
  await stage.until('it completes', () => stage.rollout(A).phase === 'completed')
  expect(stage.watch.ledger().jobs.get('default/a')?.rollouts.at(-1)?.grants.length).toBe(6)
})

story(
  'S1',
  'a place that was taken back twice comes free a quarter of an hour after the second time',
  { nodes: 2 },
  async (stage) => {
    for (const program of ['good', 'better']) {
      stage.silence(0, true)
      await stage.apply(A, program, quick({ strategy: 'immediate' }))
      await stage.until('the grant is revoked', () => stage.job(A).rollouts.revoked.size === 1)
      await stage.pass(60_000)
      expect(stage.job(A).rollouts.revoked.size).toBe(1)
      if (program === 'better') break
      stage.silence(0, false)
      await stage.until('it has it', () => stage.rollout(A).counts.healthy === 2)
      await stage.pass(16 * 60_000)
    }
  },
)
