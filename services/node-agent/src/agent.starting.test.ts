/** A start that takes for ever: its end is the execution_timeout, or a stop, and what it was fetching ends with it. */
import type { Content, DesiredExecution } from '@dunlin/contracts/agent'
import { rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import { createArtifacts } from './artifacts/fetch.ts'
import { killTasks } from './drivers/kill-tasks.ts'
import { processDriver } from './drivers/process/process-driver.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { documentOf, entryFor, makeDataDir, NODE, sh, startNode } from './testing/node.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 30_000 })
const eventually = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 25_000, interval: 10 })

let centre: Centre
let dataDir: string
let agent: RunningAgent
let server: Server
/** Answers that were begun, and how many of them are over. */
let asked: number
let over: number

beforeEach(async () => {
  centre = createCentre()
  dataDir = makeDataDir()
  asked = 0
  over = 0
  // One byte at a time, often enough that it never counts as silent.
  server = createServer((_, response) => {
    asked += 1
    response.writeHead(200, { 'content-length': 1_000_000 })
    const drip = setInterval(() => response.write('x'), 20)
    response.on('close', () => {
      clearInterval(drip)
      over += 1
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const artifacts = createArtifacts({
    dir: join(dataDir, 'artifacts'),
    cacheBytes: 10_000_000,
    policy: { roots: [], allowLinkLocal: false },
  })
  agent = await startNode(centre, { dataDir, drivers: [processDriver({ artifacts })] })
})
afterEach(async () => {
  await agent.stop().catch(() => {})
  await killTasks(dataDir, 0)
  server.closeAllConnections()
  server.close()
  rmSync(dataDir, { recursive: true, force: true })
})

const begin = async (policy: Partial<Content>): Promise<DesiredExecution> => {
  const address = server.address()
  const source = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/big`
  const config = { command: 'sh', args: ['-c', 'sleep 60'], artifacts: [{ source, sha256: 'a'.repeat(64) }] }
  const one = entryFor(centre, 5, sh('', { config, ...policy }))
  centre.write(documentOf(5, one), NODE)
  await eventually(() => expect(asked).toBe(1))
  return one
}

describe('an attempt that is fetching', () => {
  it('has an execution_timeout like one that runs', async () => {
    const one = await begin({ executionTimeoutMs: 1_500, restartPolicy: 'never' })
    await eventually(() => expect(centre.states(one.execution)).toEqual(['starting', 'failed']))
    expect(centre.commits.at(-1)?.commit.ev.at(-1)).toMatchObject({ error: { code: 'execution_timeout' } })
    await eventually(() => expect(over).toBe(1))
    expect(asked).toBe(1)
  })

  it('ends at once when it is not wanted any more', async () => {
    const one = await begin({})
    centre.write(documentOf(6), NODE)
    await eventually(() => expect(centre.states(one.execution).at(-1)).toBe('stopped'))
    await eventually(() => expect(over).toBe(1))
  })

  it('ends with its agent', async () => {
    await begin({})
    await agent.stop()
    await eventually(() => expect(over).toBe(1))
  })
})
