/** Reports on a node's subject that the node did not sign: they change nothing, hide nothing, and are counted. */
import { startRolloutEngine } from '@dunlin/rollout-engine'
import { seededRandom, silentLogger } from '@dunlin/runtime'
import { plug } from '@dunlin/testkit'
import { expect, it } from 'vitest'
import { A, quick, startStage } from './run/stage.ts'
import { nodeName } from './world/programs.ts'

it('a forged failure halts nothing, takes no version from the node, and is counted by every engine', async () => {
  const stage = await startStage({ nodes: 4, instances: { scheduler: 1, engine: 0, api: 1 } })
  const { store, clock, agents } = stage.world
  const at = plug(store, clock)
  const engine = startRolloutEngine(
    { ...at.store, clock: at.clock, random: seededRandom(3), logger: silentLogger },
    { owner: 'engine', lease: { ttlMs: 10_000, renewMs: 3_000 }, snapshotEvery: Infinity },
  )
  try {
    await stage.apply(A, 'good', quick({ max_parallel: 50 }))
    const first = stage.rollout(A).targets[0] as string
    const running = () =>
      [...(agents.nodes.get(first as never)?.executions.values() ?? [])].find(({ state }) => state === 'running')
    await stage.until('the first node runs it', () => running() !== undefined, 60_000)
    const entry = running()?.entry
    const { boot, v, journal } = agents.nodes.get(first as never) ?? {}
    // As good as the node could say it itself, but for the signature.
    const subject = `evt.report.${first}`
    const failed = { type: 'ExecutionReported', journal, j: 1_000, execution: entry?.execution, job: entry?.job }
    const event = {
      ...failed,
      generation: entry?.generation,
      content: entry?.content,
      state: 'failed',
      attempt: 0,
      at: clock.nowMs(),
      exit: { code: 1, signal: null },
      error: { code: 'exited', message: 'forged' },
    }
    const forge = async (by: string): Promise<boolean> => {
      const commit = { s: 1, v: (v ?? 0) + 1, cmd: `${boot}/${(v ?? 0) + 1}`, by, at: clock.nowMs(), ev: [event] }
      const expected = (await store.log.last(subject))?.seq ?? 0
      return (await store.log.append({ subject, expected, data: Buffer.from(JSON.stringify(commit)) })).ok
    }
    expect(await forge(`node:${nodeName(3) === first ? nodeName(2) : nodeName(3)}`)).toBe(true)
    expect(await forge('service:scheduler')).toBe(true)
    await stage.until('it completes', () => stage.rollout(A).phase === 'completed')
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, failed: 0 })
    expect(engine.status().strangers).toEqual({ forged: 2, older_generation: 0, never_granted: 0, from_the_future: 0 })

    // The node's next report, an update of the job, comes through although it bears the version that was forged.
    await stage.apply(A, 'better', quick({ max_parallel: 50 }))
    await stage.until('the update completes', () => stage.rollout(A).phase === 'completed')
    expect(stage.rollout(A).counts).toMatchObject({ healthy: 4, failed: 0 })
    expect(stage.broken()).toEqual([])
  } finally {
    await engine.stop()
    stage.world.end()
  }
})

it('a node of which only others speak is no node', async () => {
  const stage = await startStage({ nodes: 2 })
  const { store, instances } = stage.world
  const boot = '01J00000000000000000000000'
  const resources = { cpus: 1, memoryBytes: 1 }
  const announced = {
    type: 'NodeAnnounced',
    boot,
    protocol: [1, 1],
    agentVersion: '0',
    labels: {},
    drivers: [],
    resources,
  }
  const announce = (node: string, by: string): Promise<unknown> => {
    const ev = [{ ...announced, journal: boot, j: 0, executions: [] }]
    const data = Buffer.from(JSON.stringify({ s: 1, v: 1, cmd: `${boot}/1`, by, at: 1, ev }))
    return store.log.append({ subject: `evt.report.${node}`, expected: 0, data })
  }
  await announce('ghost', `node:${nodeName(0)}`)
  await announce('guest', 'node:guest')
  await stage.pass(5_000)
  // A scheduler that has just started looks at everything that the log holds.
  instances.find(({ role }) => role === 'scheduler')?.crash()
  await stage.world.start('scheduler')
  await stage.pass(30_000)
  expect(await store.log.last('evt.node.guest')).toBeDefined()
  expect(await store.log.last('evt.node.ghost')).toBeUndefined()
  stage.world.end()
})
