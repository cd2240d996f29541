import { readCommit, type Commit } from '@dunlin/contracts'
import { expect, it } from 'vitest'
import { readLog } from './laws.ts'
import { createWorld } from './world.ts'

it('evaluation, plan and grants name the commit that caused them, back to the command', async () => {
  const world = createWorld(3, 3)
  await world.startScheduler()
  await world.startEngine()
  await world.clock.run(5_000)
  const key = { namespace: 'default', name: 'a' }
  const rollout = { strategy: 'immediate', health_check: { interval: '1s', deadline: '60s' } }
  await Promise.all([world.apply(key, 'good', { selector: {}, rollout }, 'c1'), world.clock.run(20_000)])
  const commits = new Map<number, Commit>()
  for (const { seq, data } of await readLog(world)) {
    const read = readCommit(JSON.parse(new TextDecoder().decode(data)))
    if ('ev' in read) commits.set(seq, read)
  }
  const [granted] = [...commits].find(([, { ev }]) => ev.some(({ type }) => type === 'NodesGranted')) ?? []
  const chain: string[] = []
  for (let seq = granted; seq !== undefined; seq = commits.get(seq)?.cause?.seq)
    chain.push(commits.get(seq)?.ev[0]?.type ?? '')
  expect(chain).toEqual(['WaveStarted', 'RolloutOpened', 'PlacementChanged', 'JobCreated'])
  world.agents.stop()
  for (const instance of world.instances.slice()) instance.crash()
})
