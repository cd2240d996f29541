/** The reporter against a log in memory that loses answers, goes backwards or belongs to somebody else. */
import { DunlinError, type BootId, type JournalId, type Transition } from '@dunlin/contracts/agent'
import { seededRandom, silentLogger, systemClock } from '@dunlin/runtime/agent'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import type { Journal } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import { defaultTimings } from '../options.ts'
import { createCentre, type Centre } from '../testing/centre.ts'
import { entryFor, FAST, newId, NODE, sh } from '../testing/node.ts'
import { encodeReport } from './commits.ts'
import { startReporter, type Reporter } from './reporter.ts'

let centre: Centre
let journal: Journal
let reporter: Reporter
let acknowledged: number[]
let superseded: DunlinError[]
let boot: BootId

const SUBJECT = `evt.report.${NODE}`
const openMemory = (): Journal =>
  openJournal({ file: ':memory:', newId: () => newId() as JournalId, logger: silentLogger })

const start = (ensureAlone = async (): Promise<void> => {}, executions: readonly Transition[] = []): void => {
  boot = newId() as BootId
  const ports = { reports: centre.reports, journal, clock: systemClock, random: seededRandom(1), logger: silentLogger }
  reporter = startReporter(
    ports,
    { node: NODE, boot },
    { ...defaultTimings, ...FAST },
    {
      announcement: () => ({
        protocol: [1, 1],
        agentVersion: 'test',
        labels: {},
        drivers: [],
        resources: { cpus: 1, memoryBytes: 1 },
        executions: [...executions],
      }),
      ensureAlone,
      onAcknowledged: (j) => acknowledged.push(j),
      onSuperseded: (error) => superseded.push(error),
    },
  )
}

const record = (): number => {
  const entry = entryFor(centre, 1, sh('true'))
  const local = newLocal(1)
  const j = journal.record(entry, local, transitionOf({ entry, local }, 'starting', 1), true)
  reporter.kick()
  return j
}

/** A later boot than any of a test. */
const LATER = '7ZZZZZZZZZZZZZZZZZZZZZZZZZ'
const forged = (boot: string, v: number, by: string): string =>
  JSON.stringify({ s: 1, v, cmd: `${boot}/${v}`, by, at: 1, ev: [] })
/** Stores a forged report on top of whatever stands there. */
const forge = async (text = forged(LATER, 1, 'node:x')): Promise<void> => {
  const { ok } = await centre.reports.append({
    subject: SUBJECT,
    data: new TextEncoder().encode(text),
    expected: centre.commits.length,
  })
  expect(ok).toBe(true)
}
/** What the centre folds of this boot: versions that rise, forgeries left out. */
const folded = (): string[] => {
  let last = 0
  return centre.commits.flatMap(({ commit }) => {
    if (commit.by !== `node:${NODE}` || commit.v <= last) return []
    last = commit.v
    return commit.ev.map((event) => `${event.type} ${event.j}`)
  })
}

const settled = (): Promise<void> =>
  vi.waitFor(() => expect(journal.unsent(1)).toEqual([]), { timeout: 20_000, interval: 1 })
const js = (): number[] =>
  centre.commits
    .flatMap(({ commit }) => commit.ev)
    .flatMap((event) => (event.type === 'ExecutionReported' ? [event.j] : []))

beforeEach(() => {
  centre = createCentre()
  journal = openMemory()
  acknowledged = []
  superseded = []
})
afterEach(async () => {
  await reporter.stop(0)
  journal.close()
})

describe('the reporter', () => {
  it('announces first, and one announcement covers everything that was unsent', async () => {
    start()
    record()
    record()
    await reporter.announced
    await settled()
    expect(centre.commits[0]?.commit.ev[0]).toMatchObject({ type: 'NodeAnnounced', boot, journal: journal.id })
    expect(acknowledged.at(-1)).toBe(2)
  })

  it('does not count as replaced what the log had before the acknowledgement was lost with the power', async () => {
    const entry = entryFor(centre, 1, sh('true'))
    const local = newLocal(1)
    const [first, second, third] = (['starting', 'running', 'degraded'] as const).map((state, at) => {
      const transition = transitionOf({ entry, local }, state, at)
      journal.record(entry, local, transition, true)
      return transition
    })
    if (!first || !second || !third) throw new Error('three were made')
    const events = [first, second].map((one, i) => ({
      type: 'ExecutionReported' as const,
      journal: journal.id,
      j: i + 1,
      ...one,
    }))
    const data = encodeReport(NODE, newId() as BootId, 1, 1, events)
    expect(await centre.reports.append({ subject: SUBJECT, data, expected: 0 })).toMatchObject({ ok: true })
    start(undefined, [third])
    await reporter.announced
    expect(centre.commits.at(-1)?.commit.ev).toMatchObject([{ type: 'NodeAnnounced', j: 3, executions: [third] }])
    expect(centre.commits.at(-1)?.commit.ev[0]).not.toHaveProperty('executions.0.replaces')
  })

  it('tells each transition once and in order, whatever acknowledgement is lost', async () => {
    start()
    await reporter.announced
    for (let n = 0; n < 20; n++) {
      if (n % 3 === 0) centre.faults.loseAcks += 1
      record()
      if (n % 4 === 0) await settled()
    }
    await settled()
    expect(js()).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
    expect(centre.commits.map(({ commit }) => commit.v)).toEqual(centre.commits.map((_, index) => index + 1))
  })

  it('does not claim for a stored announcement what happened after it was built', async () => {
    centre.faults.loseAcks = 1
    start()
    await vi.waitFor(() => expect(centre.commits).toHaveLength(1), 20_000)
    record()
    await settled()
    expect(js()).toEqual([1])
  })

  it('announces again after every 1,000 commits', async () => {
    start()
    await reporter.announced
    for (let n = 0; n < 1_001; n++) {
      record()
      await settled()
    }
    const announcements = centre.commits.filter(({ commit }) => commit.ev[0]?.type === 'NodeAnnounced')
    expect(announcements.map(({ commit }) => commit.v)).toEqual([1, 1_002])
    expect(announcements[1]?.commit.ev[0]).toMatchObject({ boot, j: 1_000 })
  }, 60_000)

  it('waits out a log that does not answer', async () => {
    start()
    await reporter.announced
    centre.faults.down = true
    record()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(js()).toEqual([])
    centre.faults.down = false
    await settled()
    expect(js()).toEqual([1])
  })

  it('goes on under a new journal id when the log knows a higher counter of this journal', async () => {
    const old = journal.id
    const event = { type: 'ExecutionReported', journal: old, j: 40 }
    const data = new TextEncoder().encode(
      JSON.stringify({ s: 1, v: 9, cmd: 'B/9', by: `node:${NODE}`, at: 1, ev: [event] }),
    )
    await centre.reports.append({ subject: SUBJECT, data, expected: 0 })
    start()
    await reporter.announced
    expect(journal.id).not.toBe(old)
    expect(centre.commits[1]?.commit.ev[0]).toMatchObject({ type: 'NodeAnnounced', journal: journal.id })
  })

  it('asks who else is there before each attempt of the first announcement, and ends when somebody answers', async () => {
    start(async () => {
      throw new DunlinError('second_agent')
    })
    await expect(reporter.announced).rejects.toMatchObject({ code: 'second_agent' })
    expect(centre.commits).toEqual([])
    expect(superseded).toHaveLength(1)
  })

  it.each([
    ['a message that is no commit', '{"nonsense":1}'],
    ['a commit of no boot', JSON.stringify({ s: 1, v: 1, cmd: 'x/1', by: `node:${NODE}`, at: 1, ev: [] })],
    ['a later boot by another node', forged(LATER, 1, 'node:x')],
    ['a later boot by a service', forged(LATER, 1, 'service:api')],
  ])('goes on counting after %s on its subject, so that the centre goes on folding', async (_what, text) => {
    start()
    await reporter.announced
    record()
    await settled()
    const foreign = await centre.reports.append({ subject: SUBJECT, data: new TextEncoder().encode(text), expected: 2 })
    expect(foreign.ok).toBe(true)
    record()
    await settled()
    record()
    await settled()
    const own = centre.commits.flatMap(({ commit }) =>
      commit.by === `node:${NODE}` && !commit.cmd.startsWith('x/') ? [`${commit.v} ${commit.ev[0]?.type}`] : [],
    )
    expect(own).toEqual(['1 NodeAnnounced', '2 ExecutionReported', '3 NodeAnnounced', '4 ExecutionReported'])
    expect(superseded).toEqual([])
  })

  it('tells everything although a forged report hides its own of which no acknowledgement came', async () => {
    start()
    await reporter.announced
    centre.faults.loseAcks = 1
    record()
    await vi.waitFor(() => expect(centre.commits).toHaveLength(2), { timeout: 20_000, interval: 1 })
    await forge()
    record()
    await settled()
    record()
    await settled()
    expect(folded()).toEqual(['NodeAnnounced 0', 'ExecutionReported 1', 'NodeAnnounced 2', 'ExecutionReported 3'])
    expect(superseded).toEqual([])
  })

  it('tells everything although a forged report hides its first announcement', async () => {
    centre.faults.loseAcks = 1
    start()
    await vi.waitFor(() => expect(centre.commits).toHaveLength(1), { timeout: 20_000, interval: 1 })
    await forge()
    record()
    await settled()
    await vi.waitFor(() => expect(folded()).toEqual(['NodeAnnounced 0', 'NodeAnnounced 1']), {
      timeout: 20_000,
      interval: 1,
    })
    expect(superseded).toEqual([])
  })

  it('announces again when the log went backwards', async () => {
    start()
    await reporter.announced
    record()
    await settled()
    centre.rewindTo(1)
    record()
    await settled()
    const types = centre.commits.map(({ commit }) => `${commit.v} ${commit.ev[0]?.type}`)
    expect(types).toEqual(['1 NodeAnnounced', '2 NodeAnnounced'])
    centre.rewindTo(0)
    record()
    await settled()
    expect(centre.commits.map(({ commit }) => `${commit.v} ${commit.ev[0]?.type}`)).toEqual(['1 NodeAnnounced'])
    expect(superseded).toEqual([])
  })
})
