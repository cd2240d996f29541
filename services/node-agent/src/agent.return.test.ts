/**
 * The network is back after an hour, in which every attempt failed and pauses between attempts grew to half a minute: the
 * node is right again within seconds all the same, whatever it was waiting for.
 */
import type { JournalId } from '@dunlin/contracts/agent'
import { silentLogger, type Logger } from '@dunlin/runtime/agent'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import { openJournal } from './journal/open-journal.ts'
import { defaultTimings } from './options.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { connectTo, type Connection } from './testing/connection.ts'
import { countingDriver, type CountingDriver } from './testing/counting-driver.ts'
import { makeFastDir } from './testing/fast-dir.ts'
import { documentOf, entryFor, newId, NODE, sh, startNode } from './testing/node.ts'

const SECOND = 1_000
const HOUR = 3_600 * SECOND

let centre: Centre
let clock: VirtualClock
let dataDir: string
let connection: Connection
let driver: CountingDriver
let agent: RunningAgent

beforeEach(() => {
  centre = createCentre()
  clock = createVirtualClock(Date.UTC(2026, 0, 1))
  dataDir = makeFastDir()
  connection = connectTo(centre)
  driver = countingDriver(() => clock.nowMs())
})
afterEach(async () => {
  await Promise.all([agent.stop(), pass(10 * SECOND)])
  rmSync(dataDir, { recursive: true, force: true })
})

const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)

/** Of the node's clock. Whether there is another agent is asked on the real one. */
const within = async (ms: number, check: () => void): Promise<void> => {
  const until = clock.monotonicMs() + ms
  await vi.waitFor(async () => {
    if (clock.monotonicMs() < until) await pass(100)
    check()
  }, 10_000)
}

const start = async (logger = silentLogger): Promise<void> => {
  const journal = openJournal({
    file: join(dataDir, 'journal.db'),
    newId: () => newId() as JournalId,
    logger: silentLogger,
    reserve: false,
  })
  const starting = startNode(connection.centre, {
    dataDir,
    clock,
    logger,
    journal,
    drivers: [driver],
    timings: { ...defaultTimings, pollMs: 60 * SECOND, askMs: 5 },
  })
  await pass(5 * SECOND)
  agent = await starting
}

it('tells what has happened', async () => {
  const said: string[] = []
  const note = (message: string): void => void said.push(message)
  const logger: Logger = { ...silentLogger, info: note, warn: note, child: () => logger }
  await start(logger)
  const one = entryFor(centre, 1, sh('true'))
  centre.write(documentOf(1, one), NODE)
  await pass(SECOND)
  connection.cut()
  driver.exit(one.execution, 0)
  await pass(HOUR)
  connection.restore()
  await pass(SECOND)
  expect(centre.states(one.execution)).toEqual(['starting', 'running', 'completed'])
  const lost = said.indexOf('the connection to the server is lost; what runs here runs on')
  expect(said.slice(lost)).toContain('the server is connected')
})

it('announces itself when it was started without a network, reads its document, and begins what is new', async () => {
  connection.cut()
  const one = entryFor(centre, 1, sh('true'))
  await start()
  centre.write(documentOf(1, one), NODE)
  await pass(HOUR)
  expect(driver.story).toEqual([])
  connection.restore()
  await within(2 * SECOND, () => {
    expect(centre.heartbeats.at(-1)).toMatchObject({ boot: agent.boot, gen: [0, 1] })
    expect(centre.states(one.execution).at(-1)).toBe('running')
  })
})

it('fetches a content that it was about to fetch', async () => {
  await start()
  const one = entryFor(centre, 1, sh('true'))
  centre.write(documentOf(1, one), NODE)
  // The document has come by the doorbell; the answer with the content does not come any more.
  await Promise.resolve()
  connection.cut()
  await pass(HOUR)
  expect(driver.story).toEqual([])
  connection.restore()
  await pass(SECOND)
  expect(driver.story).toEqual([`${one.execution}#1`])
})
