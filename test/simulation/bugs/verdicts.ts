/** Stories about what counts as healthy, what counts as failed, and what neither does. */
import { heardAnswerSchema } from '@dunlin/contracts'
import { HEARD } from '@dunlin/nats'
import { A, quick, type Stage } from '../run/stage.ts'
import { nodeName } from '../world/programs.ts'
import { expect } from './expect.ts'
import { story } from './story.ts'

const done = (stage: Stage): Promise<void> => stage.until('it completes', () => stage.rollout(A).phase === 'completed')

// Evidence.

story(
  'Nomad #10881',
  'one unhealthy node of a hundred rolls nothing back',
  { nodes: 100, noisy: [77] },
  async (stage) => {
    await stage.apply(A, 'good', quick())
    await done(stage)
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 99, failed: 1 })
    expect(stage.rollouts(A)).toEqual(['v1 create completed'])
  },
)
story(
  'Argo #4604, #4602',
  'nothing is healthy without evidence, and a failed job is no success',
  { nodes: 4 },
  async (stage) => {
    await stage.apply(A, 'crashes', quick({ max_parallel: 50 }))
    await stage.pass(60_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'halted', counts: { healthy: 0, failed: 2 } })
    await stage.apply(A, 'stuck', quick({ max_parallel: 50 }))
    await stage.pass(50_000)
    expect(stage.rollout(A).counts.healthy).toBe(0)
  },
)
story('Flagger #1035', 'no traffic is no failure', { nodes: 4 }, async (stage) => {
  for (const node of stage.world.agents.nodes.keys()) stage.world.agents.behave(node, { inPerSecond: 0 })
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollout(A).counts.healthy).toBe(4)
})
story('suna PR #3403', 'one error at low traffic aborts nothing', { nodes: 4 }, async (stage) => {
  await stage.apply(A, 'warming', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, failed: 0 })
})
story('Argo #872, Flagger #1581', 'a policy that can never pass is refused, not stuck', { nodes: 2 }, async (stage) => {
  const health_check = { interval: '10s', success_threshold: 3, deadline: '8s' }
  stage.world.send({
    id: 'wrong',
    key: A,
    verb: 'apply',
    body: { spec: { ...A, type: 'process', config: { command: 'good' }, selector: {}, rollout: { health_check } } },
  })
  await stage.until('it is answered', () => stage.world.answers.has('wrong'))
  expect(stage.world.answers.get('wrong')).toMatchObject({ ok: false, code: 'invalid_spec' })
})
story('KubeEdge #5039, #5094', 'lost status updates delay, they do not decide', { nodes: 6 }, async (stage) => {
  stage.world.setWeather({ lost: 0.4, repeated: 0.3, late: 0.5, lateByMs: 4_000 })
  stage.world.store.faults.log.loseNextAcks(20, 'gives_up')
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await done(stage)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 6, failed: 0, lost: 0 })
})
story('helios PR #650', 'a rollout with stragglers says so', { nodes: 24, noisy: [5] }, async (stage) => {
  await stage.apply(A, 'good', quick({ max_parallel: 50 }))
  await done(stage)
  await stage.pass(5_000)
  expect(stage.job(A).versions.state).toMatchObject({ type: 'degraded', message: '1 of 24 nodes unhealthy' })
})

// Time.

story('S9', 'who failed and then ended well is healthy by its ending, not by windows', { nodes: 1 }, async (stage) => {
  const health_check = { interval: '1s', success_threshold: 2, deadline: '8s' }
  await stage.apply(A, 'short', { strategy: 'immediate', health_check })
  await stage.until('it runs', () => stage.runs(0, A).length === 1)
  stage.silence(0, true)
  await stage.until('it counts as lost', () => stage.rollout(A).counts.lost === 1)
  // It ends while nobody hears it; the machine forgets that and runs it again, so its last word is that it runs.
  stage.silence(0, false)
  stage.world.agents.reboot(nodeName(0), { journal: 'lost', tasks: 'killed' })
  await stage.until('it is healthy', () => stage.rollout(A).counts.healthy === 1)
  expect(stage.job(A).rollouts.grants.get(nodeName(0))?.verdict).toMatchObject({ reason: 'completed', evidence: [] })
})
story(
  'Nomad #11267',
  'a deadline of a minute takes a minute, also when nothing else happens',
  { nodes: 2 },
  async (stage) => {
    await stage.apply(A, 'stuck', quick({ max_parallel_nodes: 1 }))
    await stage.pass(90_000)
    expect(stage.rollout(A).counts.failed).toBe(1)
  },
)
story('k8s #77203', 'clocks that jump leave nothing unfinished', { nodes: 6 }, async (stage) => {
  await stage.apply(A, 'slow', quick({ max_parallel: 34 }))
  for (const hours of [1, -3, 5, -2]) {
    await stage.pass(1_500)
    stage.world.clock.jumpWall(hours * 3_600_000)
  }
  await done(stage)
  expect(stage.rollout(A).counts).toMatchObject({ healthy: 6, failed: 0 })
})
/** What a scheduler answers who is asked for how long nodes have not read their documents. */
const unreadOf = async (stage: Stage, nodes: readonly string[]): Promise<Record<string, number | undefined>> => {
  const asked = stage.world.store.bus.request(HEARD, new TextEncoder().encode(JSON.stringify({ nodes })), 10_000)
  await stage.pass(1_000)
  const answer = heardAnswerSchema.parse(JSON.parse(new TextDecoder().decode((await asked).data)))
  return Object.fromEntries(Object.entries(answer.nodes).map(([node, { unread }]) => [node, unread]))
}

story('L2', 'a node that beats and reads nothing is not waited for without end', { nodes: 4 }, async (stage) => {
  const [deaf, well] = [nodeName(2), nodeName(1)]
  await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
  await done(stage)
  const { content } = stage.job(A).versions
  stage.world.stopReading(deaf, true)
  await stage.apply(A, 'better', quick({ max_parallel_nodes: 4 }))
  await stage.pass(14 * 60_000)
  expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { open: 1, healthy: 2 } })
  const unread = await unreadOf(stage, [deaf, well])
  expect(unread[deaf]).toBeGreaterThan(13 * 60_000)
  expect(unread[well]).toBe(undefined)
  await done(stage)
  // It counts against neither version, and goes on with what it runs.
  expect(stage.rollout(A)).toMatchObject({ counts: { healthy: 3, deferred: 1 }, evidence: { failed: 0, settled: 3 } })
  expect([stage.runs(2, A)[0] === content, stage.job(A).rollouts.atRisk.has(deaf)]).toEqual([true, true])
  // It is granted nothing while that lasts, by the next version neither; and everything as soon as it reads again.
  await stage.pass(40 * 60_000)
  expect([stage.rollout(A).counts.deferred, stage.job(A).rollouts.atRisk.size]).toEqual([1, 0])
  await stage.apply(A, 'best', quick({ max_parallel_nodes: 4 }))
  await stage.until('the others have it', () => stage.rollout(A).phase === 'completed', 60_000)
  expect(stage.rollout(A).slots.get(deaf)).toBe('deferred')
  stage.world.stopReading(deaf, false)
  stage.silence(2, true)
  stage.silence(2, false)
  await stage.until('it runs it', () => stage.rollout(A).slots.get(deaf) === 'healthy', 120_000)
  expect(stage.runs(2, A)).toEqual(stage.runs(1, A))
  expect(stage.rollout(A).slots.get(well)).toBe('healthy')
})

// The end of what failed everywhere.

story(
  'L1',
  'an immediate rollout of what cannot run anywhere ends at once, and says why',
  { nodes: 3 },
  async (stage) => {
    await stage.apply(A, 'crashes', quick({ strategy: 'immediate' }))
    await stage.until('it ends', () => stage.rollout(A).phase === 'halted', 10_000)
    expect(stage.rollout(A).halted).toMatchObject({ reason: 'none_healthy' })
    await stage.until('the job says so', () => stage.job(A).versions.state.type === 'rollout_failed', 5_000)
    expect(stage.job(A).versions.state.message.includes('exit code 1')).toBe(true)
  },
)
story(
  'L1',
  'an immediate rollout waits for what may recover until the deadline, and stops nothing when it ends',
  { nodes: 3 },
  async (stage) => {
    for (const node of stage.world.agents.nodes.keys())
      stage.world.agents.behave(node, { inPerSecond: 20, failedPerSecond: 20 })
    await stage.apply(A, 'good', quick({ strategy: 'immediate' }))
    await stage.pass(50_000)
    expect(stage.rollout(A)).toMatchObject({ phase: 'running', counts: { failed: 3 } })
    await stage.until('it ends', () => stage.rollout(A).phase === 'halted', 20_000)
    await stage.pass(60_000)
    expect([0, 1, 2].map((node) => stage.runs(node, A).length)).toEqual([1, 1, 1])
    for (const node of stage.world.agents.nodes.keys()) stage.world.agents.behave(node, undefined)
    expect(await stage.send(A, 'rerun')).toBe('ok')
    await done(stage)
    expect(stage.rollout(A).counts.healthy).toBe(3)
  },
)
