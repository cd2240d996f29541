/** An agent without its network, without room for its journal, and beside another one with its identity. */
import { DunlinError, type DesiredExecution, type JournalId } from '@dunlin/contracts/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { createVirtualClock, type VirtualClock } from '@dunlin/testkit'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { RunningAgent } from './agent.ts'
import type { Journal } from './journal/journal.ts'
import { openJournal } from './journal/open-journal.ts'
import { defaultTimings } from './options.ts'
import { createCentre, type Centre } from './testing/centre.ts'
import { connectTo, type Connection } from './testing/connection.ts'
import { countingDriver, type CountingDriver } from './testing/counting-driver.ts'
import { makeFastDir } from './testing/fast-dir.ts'
import { documentOf, entryFor, newId, NODE, sh, startNode } from './testing/node.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const DAY = 24 * 60 * MINUTE

let centre: Centre
let clock: VirtualClock
let dirs: string[]
let agents: RunningAgent[]

beforeEach(() => {
  centre = createCentre()
  clock = createVirtualClock(Date.UTC(2026, 0, 1))
  dirs = []
  agents = []
})
afterEach(async () => {
  await Promise.all([...agents.map((agent) => agent.stop()), pass(10 * SECOND)])
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true })
})

const pass = (ms: number): Promise<void> => clock.run(clock.monotonicMs() + ms)

interface Node {
  readonly connection: Connection
  readonly driver: CountingDriver
  readonly starting: Promise<RunningAgent>
  /** It was refused, or gave way to another agent. */
  isOver: boolean
}
const begin = (over: { readonly journal?: (inner: Journal) => Journal; readonly dir?: string } = {}): Node => {
  const connection = connectTo(centre)
  const driver = countingDriver(() => clock.nowMs())
  const dataDir = over.dir ?? makeFastDir()
  dirs.push(dataDir)
  const inner = openJournal({
    file: join(dataDir, 'journal.db'),
    newId: () => newId() as JournalId,
    logger: silentLogger,
    reserve: false,
  })
  const starting = startNode(connection.centre, {
    dataDir,
    clock,
    journal: over.journal?.(inner) ?? inner,
    drivers: [driver],
    // Looks at tasks seldom: days pass.
    timings: { ...defaultTimings, pollMs: MINUTE },
  })
  const node: Node = { connection, driver, starting, isOver: false }
  starting.then(
    (agent) => void agent.superseded.then(() => (node.isOver = true)),
    () => (node.isOver = true),
  )
  return node
}
const started = async (node: Node): Promise<RunningAgent> => {
  await pass(5 * SECOND)
  const agent = await node.starting
  agents.push(agent)
  return agent
}
const entry = (seq: number, name = 'web'): DesiredExecution =>
  entryFor(centre, seq, sh(`echo ${seq}`), { job: { namespace: 'default', name } })
const states = (one: DesiredExecution): string[] => centre.states(one.execution)
const lastBeat = () => centre.heartbeats.at(-1)
const announcements = () =>
  centre.commits.flatMap(({ commit }) => commit.ev).filter((event) => event.type === 'NodeAnnounced')

describe('a node that was offline for 7 days while its document changed 20 times', () => {
  it('is right again after one read of the document and of the contents that are new', async () => {
    const node = begin()
    await started(node)
    const [stays, changes] = [entry(1, 'stays'), entry(2, 'changes')]
    centre.write(documentOf(2, stays, changes), NODE)
    await pass(SECOND)
    expect(node.driver.story).toEqual([`${stays.execution}#1`, `${changes.execution}#1`])
    node.connection.cut()
    let latest = changes
    for (let n = 1; n <= 20; n++) {
      await pass((7 * DAY) / 20)
      latest = entry(2 + n, 'changes')
      centre.write(documentOf(2 + n, stays, latest), NODE)
    }
    const before = { ...node.connection.reads }
    node.connection.restore()
    await pass(2 * SECOND)
    expect(node.driver.story.slice(2)).toEqual([`-${changes.execution}#1`, `${latest.execution}#1`])
    expect(node.connection.reads).toEqual({
      documents: before.documents + 1,
      contents: before.contents + 1,
      // Whether another agent has taken over meanwhile; one question to the log, whatever happened.
      reports: before.reports + 1,
    })
    expect(states(latest)).toEqual(['starting', 'running'])
    expect(lastBeat()).toMatchObject({ gen: [0, 22] })
  }, 30_000)

  it('tells what happened meanwhile in order, once, and how much was left out', async () => {
    const node = begin()
    await started(node)
    const one = entry(1)
    centre.write(documentOf(1, one), NODE)
    await pass(SECOND)
    node.connection.cut()
    const already = centre.commits.length
    for (let n = 0; n < 260; n++) {
      node.driver.exit(one.execution, 3)
      await pass(16 * MINUTE)
    }
    node.driver.exit(one.execution, 0)
    await pass(SECOND)
    expect(centre.commits).toHaveLength(already)
    node.connection.restore()
    await pass(MINUTE)
    const told = centre.commits.slice(already).flatMap(({ commit }) => commit.ev)
    const js = told.flatMap((event) => (event.type === 'ExecutionReported' ? [event.j] : []))
    expect(js).toEqual(js.toSorted((a, b) => a - b))
    expect(new Set(js).size).toBe(js.length)
    expect(told.at(-1)).toMatchObject({ type: 'ExecutionReported', state: 'completed', attempt: 261 })
    // Each of the 260 failures was one transition and each restart another one, and then there was the end.
    const counted = told.map((event) => (event.type === 'ExecutionReported' ? 1 + (event.replaces ?? 0) : 0))
    expect(counted.reduce((sum, n) => sum + n, 0)).toBe(521)
    expect(told.length).toBeLessThan(500)
  }, 30_000)
})

describe('a desired document that cannot be read', () => {
  it.each([
    ['half of one', (text: string) => text.slice(0, text.length / 2), 'corrupt_document'],
    ['noise', () => '\u0000\u0001', 'corrupt_document'],
    ["another node's", (text: string) => text.replace('"node":"node-1"', '"node":"node-2"'), 'corrupt_document'],
    ['one of a newer schema', (text: string) => text.replace('"s":1', '"s":2'), 'needs_upgrade'],
  ])('is %s: it changes nothing, and is told until a good one comes', async (_, spoil, code) => {
    const node = begin()
    await started(node)
    const one = entry(1)
    centre.write(documentOf(1, one), NODE)
    await pass(SECOND)
    const bad = spoil(JSON.stringify(documentOf(2)))
    centre.write(new TextEncoder().encode(bad), NODE)
    await pass(MINUTE + 10 * SECOND)
    expect(node.driver.story).toEqual([`${one.execution}#1`])
    expect(lastBeat()).toMatchObject({ gen: [0, 1], pr: [code], ex: [{ x: one.execution, st: 'running' }] })
    expect(announcements().at(-1)).toMatchObject({ problems: [{ code, message: expect.any(String) }] })
    centre.write(documentOf(3), NODE)
    await pass(MINUTE + 10 * SECOND)
    expect(node.driver.story.at(-1)).toBe(`-${one.execution}#1`)
    expect(lastBeat()?.pr).toBeUndefined()
    expect(announcements().at(-1)?.problems).toBeUndefined()
  })

  it('in the journal, is left there and told, and what runs goes on', async () => {
    const dir = makeFastDir()
    const first = begin({ dir })
    const agent = await started(first)
    const one = entry(1)
    centre.write(documentOf(1, one), NODE)
    await pass(SECOND)
    await Promise.all([agent.stop(), pass(5 * SECOND)])
    agents.length = 0
    const newer = JSON.stringify({ s: 2, node: NODE })
    let kept: (() => string | undefined) | undefined
    const second = begin({
      dir,
      journal: (inner) => {
        inner.saveDocument(newer)
        kept = () => inner.document()
        return inner
      },
    })
    second.connection.cut()
    await started(second)
    await pass(DAY)
    // Nothing says that it shall not run: its task was gone and was started again.
    expect(second.driver.story).toEqual([`${one.execution}#1`])
    expect(kept?.()).toBe(newer)
  })
})

describe('a journal that cannot be written', () => {
  /** Fails every write while it is on. */
  const failing =
    (fault: { on: boolean }) =>
    (inner: Journal): Journal => {
      const unless =
        <A extends unknown[], R>(write: (...args: A) => R) =>
        (...args: A): R => {
          if (fault.on) throw new DunlinError('disk_full')
          return write(...args)
        }
      return {
        ...inner,
        get id() {
          return inner.id
        },
        get j() {
          return inner.j
        },
        get acknowledgedJ() {
          return inner.acknowledgedJ
        },
        record: unless((...args) => inner.record(...args)),
        save: unless((...args) => inner.save(...args)),
        forget: unless((...args) => inner.forget(...args)),
        saveDocument: unless((...args) => inner.saveDocument(...args)),
        saveContent: unless((...args) => inner.saveContent(...args)),
        keepContents: unless((...args) => inner.keepContents(...args)),
      }
    }

  it('lets what runs go on, begins nothing new, says so, and tells everything when it can be written again', async () => {
    const fault = { on: false }
    const node = begin({ journal: failing(fault) })
    await started(node)
    const [runs, stops, ends] = [entry(1, 'runs'), entry(2, 'stops'), entry(3, 'ends')]
    centre.write(documentOf(3, runs, stops, ends), NODE)
    await pass(SECOND)
    const before = node.driver.story.length
    fault.on = true
    const fresh = entry(4, 'fresh')
    centre.write(documentOf(4, runs, ends, fresh), NODE)
    node.driver.exit(ends.execution, 0)
    await pass(3 * MINUTE)
    // What shall stop is stopped; what ended is over; what is new is not begun.
    expect(node.driver.story.slice(before)).toEqual([`-${stops.execution}#1`])
    const shown = (): Record<string, string> =>
      Object.fromEntries(lastBeat()?.ex.map(({ x, st }) => [x, st] as const) ?? [])
    expect(lastBeat()?.pr).toEqual(['disk_full'])
    expect(shown()).toMatchObject({ [runs.execution]: 'running', [ends.execution]: 'completed' })
    expect(announcements().at(-1)).toMatchObject({ problems: [{ code: 'disk_full' }] })
    expect(centre.states(fresh.execution)).toEqual([])
    fault.on = false
    await pass(2 * MINUTE)
    expect(lastBeat()?.pr).toBeUndefined()
    const left = { [runs.execution]: 'running', [ends.execution]: 'completed', [fresh.execution]: 'running' }
    // What is forgotten takes its folder along, and that is done in the time of the disk.
    await vi.waitFor(async () => {
      await pass(10 * SECOND)
      expect(shown()).toEqual(left)
    }, 10_000)
    expect(states(stops).at(-1)).toBe('stopped')
    expect(states(ends).at(-1)).toBe('completed')
    expect(states(fresh)).toEqual(['starting', 'running'])
    expect(announcements().at(-1)?.problems).toBeUndefined()
  })

  it('restarts nothing either: a process without a record could not be found again', async () => {
    const fault = { on: false }
    const node = begin({ journal: failing(fault) })
    await started(node)
    const one = entry(1)
    centre.write(documentOf(1, one), NODE)
    await pass(SECOND)
    fault.on = true
    node.driver.exit(one.execution, 3)
    await pass(3 * MINUTE)
    expect(node.driver.story).toEqual([`${one.execution}#1`])
    fault.on = false
    await pass(MINUTE)
    expect(node.driver.story).toEqual([`${one.execution}#1`, `${one.execution}#2`])
    expect(states(one).at(-1)).toBe('running')
  })
})

describe('two agents with one identity', () => {
  /** Indexes of those that go on. */
  const survivors = async (...nodes: Node[]): Promise<number[]> => {
    for (const { starting } of nodes) {
      const agent = await starting.catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'second_agent' })
      })
      if (agent) agents.push(agent)
    }
    return nodes.flatMap(({ isOver }, index) => (isOver ? [] : [index]))
  }
  const isTold = (): void => {
    expect(lastBeat()?.pr).toEqual(['second_agent'])
    expect(announcements().at(-1)).toMatchObject({ problems: [{ code: 'second_agent' }] })
  }

  it('that start at the same instant: one goes on, and both are told', async () => {
    for (let round = 0; round < 10; round++) {
      centre = createCentre()
      const nodes = [begin(), begin()]
      await pass(MINUTE + 15 * SECOND)
      expect(await survivors(...nodes)).toHaveLength(1)
      isTold()
      await Promise.all([...agents.map((agent) => agent.stop()), pass(10 * SECOND)])
      agents.length = 0
    }
  })

  it('one of which comes while the other is connected: the newcomer is refused, and both are told', async () => {
    const nodes = [begin()]
    await pass(5 * SECOND)
    nodes.push(begin())
    await pass(MINUTE)
    expect(await survivors(...nodes)).toEqual([0])
    isTold()
  })

  it.each([['nothing', false] as const, ['something', true] as const])(
    'one of which comes while the other is offline: who announced itself last goes on, although the other had %s to tell',
    async (_, hasNews) => {
      const nodes = [begin()]
      await pass(5 * SECOND)
      const one = entry(1)
      centre.write(documentOf(1, one), NODE)
      await pass(SECOND)
      nodes[0]?.connection.cut()
      if (hasNews) nodes[0]?.driver.exit(one.execution, 0)
      await pass(MINUTE)
      nodes.push(begin())
      await pass(MINUTE)
      nodes[0]?.connection.restore()
      await pass(2 * MINUTE)
      expect(await survivors(...nodes)).toEqual([1])
      isTold()
    },
  )

  it('is forgotten when the second one is not heard for a quarter of an hour', async () => {
    const nodes = [begin()]
    await pass(5 * SECOND)
    nodes.push(begin())
    await pass(MINUTE)
    await survivors(...nodes)
    expect(lastBeat()?.pr).toEqual(['second_agent'])
    await pass(16 * MINUTE)
    expect(lastBeat()?.pr).toBeUndefined()
  })
})

describe('a content whose stored body is another one', () => {
  it('is told until it is repaired', async () => {
    const node = begin()
    await started(node)
    const one = entry(1)
    const good = (await centre.specs.get(one.content))?.value ?? new Uint8Array()
    centre.storeRaw(one.content, new TextEncoder().encode('{}'))
    centre.write(documentOf(1, one), NODE)
    await pass(20 * SECOND)
    expect(lastBeat()?.pr).toEqual(['corrupt_document'])
    centre.storeRaw(one.content, good)
    await pass(2 * MINUTE)
    expect(lastBeat()?.pr).toBeUndefined()
    expect(states(one)).toEqual(['starting', 'running'])
  })
})
