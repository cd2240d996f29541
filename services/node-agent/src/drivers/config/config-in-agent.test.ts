/** A config job from the document to the log: what drifts is told, and a job that leaves puts back what was there. */
import type { Content } from '@dunlin/contracts/agent'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RunningAgent } from '../../agent.ts'
import { createArtifacts } from '../../artifacts/fetch.ts'
import { createCentre } from '../../testing/centre.ts'
import { documentOf, entryFor, makeDataDir, NODE, startNode } from '../../testing/node.ts'
import { configDriver } from './config-driver.ts'

vi.setConfig({ testTimeout: 60_000 })

let dir: string
let dataDir: string
let agent: RunningAgent | undefined

beforeEach(() => {
  dir = makeDataDir()
  dataDir = join(dir, 'agent')
  mkdirSync(join(dir, 'etc'))
  mkdirSync(dataDir)
})
afterEach(async () => {
  await agent?.stop()
  rmSync(dir, { recursive: true, force: true })
})

const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

it('is told as degraded while its files have drifted, goes on under the next agent, and is undone when it leaves', async () => {
  const centre = createCentre()
  const start = async (): Promise<RunningAgent> => {
    const policy = { roots: [], allowLinkLocal: false }
    const artifacts = createArtifacts({ dir: join(dataDir, 'artifacts'), cacheBytes: 1_000_000, policy })
    const places = { roots: [join(dir, 'etc')], dataDir }
    const driver = configDriver({ artifacts, places })
    await driver.recover?.()
    return (agent = await startNode(centre, { dataDir, drivers: [driver] }))
  }
  const path = join(dir, 'etc', 'a.conf')
  writeFileSync(path, 'original')
  const content: Content = {
    type: 'config',
    config: { files: [{ path, content: 'wanted' }], on_drift: 'report', check_every: '100ms', on_remove: 'restore' },
    restartPolicy: 'on-failure',
    executionTimeoutMs: 0,
  }
  const one = entryFor(centre, 5, content)
  const states = (): string[] => centre.states(one.execution)
  const first = await start()
  centre.write(documentOf(5, one), NODE)
  await eventually(() => expect(states()).toEqual(['starting', 'running']))
  expect(readFileSync(path, 'utf8')).toBe('wanted')

  writeFileSync(path, 'touched')
  await eventually(() => expect(states().at(-1)).toBe('degraded'))
  expect(centre.commits.at(-1)?.commit.ev.at(-1)).toMatchObject({ error: { code: 'drifted' }, attempt: 1 })
  await first.stop()
  await start()
  writeFileSync(path, 'wanted')
  await eventually(() => expect(states().at(-1)).toBe('running'))
  expect(states().filter((state) => state === 'starting')).toHaveLength(1)

  centre.write(documentOf(6), NODE)
  await eventually(() => expect(states().at(-1)).toBe('stopped'))
  await eventually(() => expect(readFileSync(path, 'utf8')).toBe('original'))
  await eventually(() => expect(readdirSync(join(dataDir, 'tasks'))).toEqual([]))
  expect(existsSync(join(dataDir, 'artifacts'))).toBe(false)
})
