import { silentLogger, seededRandom, systemClock, type Clock } from '@dunlin/runtime/agent'
import type { JournalId } from '@dunlin/contracts/agent'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Journal } from '../journal/journal.ts'
import { openJournal } from '../journal/open-journal.ts'
import { defaultTimings } from '../options.ts'
import { createCentre, type Centre } from '../testing/centre.ts'
import { documentOf, newId, NODE } from '../testing/node.ts'
import { createDocuments, type Documents } from './documents.ts'

let centre: Centre
let journal: Journal
let wallMs: number
let monotonicMs: number
let changes: number
const abort = new AbortController()
const clock: Clock = {
  nowMs: () => wallMs,
  monotonicMs: () => monotonicMs,
  after: (delayMs, run) => systemClock.after(delayMs, run),
}

const make = (): Documents => {
  const ports = { ...centre, journal, logger: silentLogger, clock, random: seededRandom(1) }
  const problems = { raise: () => {}, clear: () => {} }
  return createDocuments(ports, NODE, defaultTimings, abort.signal, problems, () => (changes += 1))
}

beforeEach(() => {
  centre = createCentre()
  journal = openJournal({ file: ':memory:', newId: () => newId() as JournalId, logger: silentLogger })
  wallMs = 1_000_000
  monotonicMs = 5_000
  changes = 0
})
afterEach(() => journal.close())

const rung = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5))

describe('the held document', () => {
  it('comes from the journal after a restart, and is not fresh before it was read', async () => {
    journal.saveDocument(JSON.stringify(documentOf(5)))
    const documents = make()
    expect(documents.generation()).toEqual([0, 5])
    expect(documents.readAtMs()).toBeUndefined()
    centre.write(documentOf(5), NODE)
    await documents.reread()
    expect(documents.readAtMs()).toBe(5_000)
  })

  it('is as old as its question, and one that was rung as old as the slowest delivery', async () => {
    const documents = make()
    centre.write(documentOf(5), NODE)
    await rung()
    expect(documents.readAtMs()).toBe(5_000 - 60_000)
    const reading = documents.reread()
    monotonicMs = 7_000
    wallMs += 2_000
    await reading
    expect(documents.readAtMs()).toBe(5_000)
  })

  it('ages while the host sleeps, although the monotonic clock stands still', async () => {
    const documents = make()
    centre.write(documentOf(5), NODE)
    await documents.reread()
    wallMs += 3_600_000
    expect(documents.readAtMs()).toBe(5_000 - 3_600_000)
  })

  it('is replaced by a higher generation only, and changes nothing when it comes again', async () => {
    const documents = make()
    centre.write(documentOf(5), NODE)
    await rung()
    centre.write(documentOf(4), NODE)
    await rung()
    expect(documents.generation()).toEqual([0, 5])
    expect(changes).toBe(1)
    expect(journal.document()).toContain('"generation":[0,5]')
  })

  it('tells its problem until a good document comes', async () => {
    const documents = make()
    centre.write(new TextEncoder().encode('{'), NODE)
    await rung()
    expect(documents.problem()).toMatchObject({ code: 'corrupt_document' })
    centre.write(documentOf(5), NODE)
    await rung()
    expect(documents.problem()).toBeUndefined()
  })
})
