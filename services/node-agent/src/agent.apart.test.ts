/** One execution that cannot be looked after, whatever the cause, keeps the node from no other one. */
import type { JobId } from '@dunlin/contracts/agent'
import { rmSync } from 'node:fs'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import type { Driver } from './drivers/driver.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { countingDriver, type CountingDriver } from './testing/counting-driver.ts'
import { documentOf, entryFor, makeDataDir, newId, NODE, sh, startNode } from './testing/node.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 })

let centre: Centre
let dataDir: string
let counting: CountingDriver
let broken: string | undefined
let agent: RunningAgent

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

beforeEach(() => {
  centre = createCentre()
  dataDir = makeDataDir()
  counting = countingDriver(() => Date.now())
  broken = undefined
})
afterEach(async () => {
  await agent.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const start = async (): Promise<void> => {
  const driver: Driver = {
    ...counting,
    inspect: (task) => {
      if (task.execution === broken) throw new Error('ENOSPC: no space left on device')
      return counting.inspect(task)
    },
  }
  agent = await startNode(centre, { dataDir, drivers: [driver] })
  await agent.announced
}

it('starts, ends and adopts the others, and looks after it again as soon as that works', async () => {
  await start()
  const [bad, good, late] = [5, 6, 7].map((seq) => {
    const job = { namespace: 'default', name: `job-${seq}` }
    return entryFor(centre, seq, sh(''), { job, jobId: newId() as JobId })
  })
  if (!bad || !good || !late) throw new Error('three were made')
  centre.write(documentOf(6, bad, good), NODE)
  await eventually(() => expect(centre.states(good.execution).at(-1)).toBe('running'))
  await eventually(() => expect(centre.states(bad.execution).at(-1)).toBe('running'))
  broken = bad.execution
  counting.exit(bad.execution, 0)
  // A new agent finds the good one again and serves new ones, although it cannot look at the bad one.
  await agent.stop()
  await start()
  centre.write(documentOf(7, bad, { ...good, desired: 'stopped' }, late), NODE)
  await eventually(() => expect(centre.states(good.execution).at(-1)).toBe('stopped'))
  await eventually(() => expect(centre.states(late.execution).at(-1)).toBe('running'))
  expect(centre.states(bad.execution).at(-1)).toBe('running')
  broken = undefined
  await eventually(() => expect(centre.states(bad.execution).at(-1)).toBe('completed'))
})
