/**
 * A journal after the power went. What a cut can leave is made from copies of the file and its write-ahead log: cut short at a
 * byte, followed by zeros or noise, or
 * with the file half written while the log was folded into it.
 */
import type { JournalId, Sha256, Transition } from '@dunlin/contracts/agent'
import { seededRandom, silentLogger, type Logger } from '@dunlin/runtime/agent'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { makeFastDir } from '../testing/fast-dir.ts'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'
import { prepareTables } from './tables.ts'

const HASH = 'c'.repeat(64) as Sha256
const FRAME_BYTES = 4096 + 24
const WAL_HEADER_BYTES = 32
const random = seededRandom(20_261_121)
const below = (most: number): number => Math.floor(random.float() * most)

let folder: string
let opened: number
const errors: string[] = []
const logger: Logger = { ...silentLogger, error: (message) => void errors.push(message) }

beforeEach(() => {
  folder = makeFastDir()
  opened = 0
  errors.length = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (file: string): Journal => openJournal({ file, newId: () => newId() as JournalId, logger, reserve: false })

/** Everything that a journal says, as one text: two that say the same are the same. */
const told = (journal: Journal): string =>
  JSON.stringify({
    id: journal.id,
    j: journal.j,
    acknowledged: journal.acknowledgedJ,
    executions: journal.executions(),
    unsent: journal.unsent(10_000),
    document: journal.document(),
    content: journal.content(HASH),
  })

const record = (journal: Journal, entry: ReturnType<typeof entryOf>, state: Transition['state'], tell = true): void => {
  const local = newLocal(1_000)
  journal.record(entry, local, transitionOf({ entry, local }, state, 2_000), tell)
}
const entryOf = (seq: number) => entryFor({ storeContent: () => HASH }, seq, sh('true'))

/** Operations of every kind, none of which leaves the journal as it was. */
const operate = (journal: Journal, step: number, entries: ReturnType<typeof entryOf>[]): void => {
  const entry = entries[step % entries.length] as ReturnType<typeof entryOf>
  switch (step % 5) {
    case 0:
      entries.push(entryOf(step))
      return record(journal, entries.at(-1) as ReturnType<typeof entryOf>, 'starting')
    case 1:
      return journal.saveDocument(JSON.stringify(documentOf(step, ...entries)))
    case 2:
      return record(journal, entry, 'degraded', step % 2 === 0)
    case 3:
      return journal.acknowledge(journal.j)
    default:
      return record(journal, entry, 'running')
  }
}

interface Instant {
  readonly walBytes: number
  readonly told: string
}

/** A journal after a number of operations, with what it said after each. Nothing was folded into the file yet. */
const lived = (steps: number) => {
  const file = join(folder, 'journal.db')
  const journal = open(file)
  const walBytes = (): number => statSync(`${file}-wal`).size
  const instants: Instant[] = []
  const note = (): void => void instants.push({ walBytes: walBytes(), told: told(journal) })
  note()
  const entries = [entryOf(0)]
  journal.saveContent(HASH, sh('true'))
  note()
  for (let step = 0; step < steps; step++) {
    operate(journal, step, entries)
    note()
  }
  return { file, journal, instants, db: readFileSync(file), wal: readFileSync(`${file}-wal`) }
}

const openImage = (db: Uint8Array, wal: Uint8Array): Journal => {
  const file = join(folder, `image-${(opened += 1)}.db`)
  writeFileSync(file, db)
  writeFileSync(`${file}-wal`, wal)
  return open(file)
}
const toldAfter = (db: Uint8Array, wal: Uint8Array): string => {
  const journal = openImage(db, wal)
  const text = told(journal)
  // It goes on from there.
  const { j } = journal
  record(journal, entryOf(1_000), 'starting')
  expect(journal.j).toBe(j + 1)
  journal.close()
  return text
}

describe('a cut of the power', () => {
  it('leaves exactly what the last whole write before it left, wherever the log ends', () => {
    const { journal, instants, db, wal } = lived(60)
    journal.close()
    const first = instants[0] as Instant
    expect(instants.at(-1)?.walBytes).toBe(wal.length)
    const lastAt = (length: number): Instant => instants.findLast(({ walBytes }) => walBytes <= length) ?? first
    const lengths = new Set<number>()
    // Around the end of every write and of every page; every 61st byte of the last three pages; and anywhere.
    for (const { walBytes } of instants) for (const by of [-1, 0, 1]) lengths.add(walBytes + by)
    for (let end = WAL_HEADER_BYTES; end < wal.length; end += FRAME_BYTES * 3) lengths.add(end + below(48))
    for (let end = wal.length - 3 * FRAME_BYTES; end < wal.length; end += 61) lengths.add(end)
    for (let n = 0; n < 100; n++) lengths.add(below(wal.length))
    for (const length of lengths) {
      if (length < first.walBytes || length > wal.length) continue
      expect(toldAfter(db, wal.subarray(0, length)), `cut at ${length}`).toBe(lastAt(length).told)
    }
    expect(errors).toEqual([])
  }, 60_000)

  it.each([
    ['zeros', () => 0],
    ['noise', () => below(256)],
  ])(
    'and the same when %s follow',
    (what, spoiled) => {
      const { journal, instants, db, wal } = lived(60)
      journal.close()
      const first = instants[0] as Instant
      for (let n = 0; n < 40; n++) {
        const length = first.walBytes + below(wal.length - first.walBytes)
        const image = Buffer.from(wal)
        image.set(image.subarray(length).map(spoiled), length)
        const [before, after] = [
          instants.findLast(({ walBytes }) => walBytes <= length)?.told,
          instants.find(({ walBytes }) => walBytes > length)?.told,
        ]
        // What is spoiled may be what stood there, at the very end of a write.
        expect([before, after], `${what} from ${length}`).toContain(toldAfter(db, image))
      }
      expect(errors).toEqual([])
    },
    60_000,
  )

  it('leaves everything when it comes while the log is folded into the file', () => {
    const { file, journal, instants, db, wal } = lived(60)
    journal.close()
    const folded = readFileSync(file)
    expect(folded.equals(db)).toBe(false)
    const everything = instants.at(-1)?.told
    for (let n = 0; n < 40; n++) {
      const length = below(folded.length + 1)
      const torn = Buffer.concat([folded.subarray(0, length), db.subarray(Math.min(length, db.length))])
      expect(toldAfter(torn, wal), `folded up to ${length}`).toBe(everything)
    }
    expect(errors).toEqual([])
  }, 60_000)

  it('unsays nothing that was told to others: the log is synced with every write', () => {
    const db = new DatabaseSync(join(folder, 'journal.db'))
    prepareTables(db)
    const FULL = 2
    expect(db.prepare('pragma synchronous').get()).toEqual({ synchronous: FULL })
    expect(db.prepare('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
    db.close()
  })
})

describe('a journal file that lost more than a cut of the power can take', () => {
  const whole = (): { readonly db: Buffer; readonly id: JournalId } => {
    const { file, journal } = lived(40)
    const { id } = journal
    journal.close()
    return { db: readFileSync(file), id }
  }

  it('is set aside and begun anew with a new id, and says so', () => {
    const { db, id } = whole()
    let broken = 0
    for (let n = 0; n < 60; n++) {
      const journal = openImage(db.subarray(0, below(db.length)), new Uint8Array())
      if (journal.id !== id) broken += 1
      record(journal, entryOf(1_000), 'starting')
      journal.close()
    }
    expect(broken).toBeGreaterThan(0)
    expect(errors.filter((text) => text === 'the journal could not be read; a new one begins')).toHaveLength(
      errors.length,
    )
  }, 60_000)

  it('opens or begins anew whatever byte of it is wrong', () => {
    const { db } = whole()
    for (let n = 0; n < 100; n++) {
      const image = Buffer.from(db)
      const at = below(image.length)
      image[at] = (image[at] as number) ^ (1 + below(255))
      const journal = openImage(image, new Uint8Array())
      expect(journal.executions().length).toBeLessThanOrEqual(20)
      journal.close()
    }
  }, 60_000)

  it('keeps the broken file once for people', () => {
    const file = join(folder, 'journal.db')
    open(file).close()
    writeFileSync(file, Buffer.alloc(statSync(file).size, 0x5a))
    const journal = open(file)
    expect(journal.executions()).toEqual([])
    expect(existsSync(`${file}.broken`)).toBe(true)
    expect(errors).toEqual(['the journal could not be read; a new one begins'])
    journal.close()
  })

  it('with rows that are not JSON counts as broken', () => {
    const file = join(folder, 'journal.db')
    const journal = open(file)
    record(journal, entryOf(1), 'starting')
    journal.close()
    const db = readFileSync(file)
    db.writeUInt8(0x5a, db.indexOf('{"execution"'))
    writeFileSync(file, db)
    open(file).close()
    expect(errors).toHaveLength(1)
  })
})
