import type { ExecutionId, JournalId, Sha256, Transition } from '@dunlin/contracts/agent'
import { silentLogger, type Logger } from '@dunlin/runtime/agent'
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'
import { UNSENT_BEFORE_COMPACTION } from './sqlite-journal.ts'

let folder: string
let file: string
const errors: string[] = []
const logger: Logger = { ...silentLogger, error: (message) => void errors.push(message) }

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'dunlin-journal-'))
  file = join(folder, 'journal.db')
  errors.length = 0
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (path = file): Journal => openJournal({ file: path, newId: () => newId() as JournalId, logger })

const HASH = 'c'.repeat(64) as Sha256
const entryOf = (seq = 1) => entryFor({ storeContent: () => HASH }, seq, sh('true'))
const tell = (journal: Journal, entry: ReturnType<typeof entryOf>, state: Transition['state'], told = true): number => {
  const local = newLocal(1_000)
  return journal.record(entry, local, transitionOf({ entry, local }, state, 2_000), told)
}

describe('the journal', () => {
  it('keeps everything across a restart: id, counter, executions, unsent, document, contents', () => {
    const journal = open()
    const one = entryOf()
    expect(tell(journal, one, 'starting')).toBe(1)
    expect(tell(journal, one, 'running')).toBe(2)
    journal.acknowledge(1)
    journal.saveDocument(JSON.stringify(documentOf(1, one)))
    journal.saveContent(HASH, sh('true'))
    const { id } = journal
    journal.close()
    const again = open()
    expect([again.id, again.j, again.acknowledgedJ]).toEqual([id, 2, 1])
    expect(again.executions()).toMatchObject([{ entry: one, latest: { state: 'running' }, j: 2 }])
    expect(again.unsent(10)).toMatchObject([{ j: 2, transition: { state: 'running' } }])
    expect(JSON.parse(again.document() ?? '')).toEqual(documentOf(1, one))
    expect(again.content(HASH)).toEqual(sh('true'))
    again.close()
  })

  it('keeps what nobody was told, without a counter of its own', () => {
    const journal = open()
    const one = entryOf()
    tell(journal, one, 'starting')
    expect(tell(journal, one, 'stopping', false)).toBe(1)
    expect(journal.unsent(10)).toHaveLength(1)
    expect(journal.executions()[0]?.latest.state).toBe('stopping')
    journal.close()
  })

  it('compacts a long absence to the latest transition of each execution, saying how many it replaces', () => {
    const journal = open()
    const [one, two] = [entryOf(1), entryOf(2)]
    const total = UNSENT_BEFORE_COMPACTION * 2 + 7
    for (let i = 0; i < total; i++) tell(journal, i % 3 === 0 ? one : two, i % 2 === 0 ? 'running' : 'degraded')
    const unsent = journal.unsent(10_000)
    expect(unsent.length).toBeLessThanOrEqual(UNSENT_BEFORE_COMPACTION)
    expect(unsent.reduce((sum, { transition }) => sum + 1 + (transition.replaces ?? 0), 0)).toBe(total)
    expect(unsent.map(({ j }) => j)).toEqual(unsent.map(({ j }) => j).toSorted((a, b) => a - b))
    expect(unsent.at(-1)?.j).toBe(total)
    expect(journal.j).toBe(total)
    journal.close()
  })

  it('forgets an execution and contents that nobody needs', () => {
    const journal = open()
    const one = entryOf()
    tell(journal, one, 'stopped')
    journal.saveContent(HASH, sh('true'))
    journal.saveContent('d'.repeat(64) as Sha256, sh('false'))
    journal.forget(one.execution)
    journal.keepContents(new Set([HASH]))
    expect(journal.executions()).toEqual([])
    expect(journal.content(HASH)).toBeDefined()
    expect(journal.content('d'.repeat(64) as Sha256)).toBeUndefined()
    expect(journal.unsent(10)).toHaveLength(1)
    journal.close()
  })

  it('is held by one process at a time', () => {
    const journal = open()
    expect(() => open()).toThrow(expect.objectContaining({ code: 'second_agent' }))
    journal.close()
    open().close()
  })
})

describe('a journal file that was cut', () => {
  /** Copies what a power cut would leave: the database and its log as they are at this moment. */
  const image = (): { db: Buffer; wal: Buffer } => {
    const journal = open()
    const entries = Array.from({ length: 20 }, (_, index) => entryOf(index + 1))
    for (const entry of entries) tell(journal, entry, 'starting')
    journal.saveDocument(JSON.stringify(documentOf(1, ...entries)))
    copyFileSync(file, `${file}.image`)
    copyFileSync(`${file}-wal`, `${file}-wal.image`)
    journal.close()
    return { db: readFileSync(`${file}.image`), wal: readFileSync(`${file}-wal.image`) }
  }

  const openCut = (db: Uint8Array, wal: Uint8Array, name: string): Journal => {
    const path = join(folder, name)
    writeFileSync(path, db)
    writeFileSync(`${path}-wal`, wal)
    return open(path)
  }

  it('opens at every length of its log, with a prefix of what was recorded', () => {
    const { db, wal } = image()
    for (let length = 0; length <= wal.length; length += 4_001) {
      const journal = openCut(db, wal.subarray(0, length), `wal-${length}`)
      const kept = journal.executions().length
      expect(journal.j).toBe(kept)
      expect(tell(journal, entryOf(), 'starting')).toBe(kept + 1)
      journal.close()
    }
  }, 60_000)

  it('opens at every length of the database, with a new id when it is broken, and says so', () => {
    const journal = open()
    for (let index = 0; index < 20; index++) tell(journal, entryOf(index), 'starting')
    const { id } = journal
    journal.close()
    const db = readFileSync(file)
    let broken = 0
    for (let length = 600; length < db.length; length += 1_499) {
      const cut = openCut(db.subarray(0, length), new Uint8Array(), `db-${length}`)
      if (cut.id !== id) broken += 1
      expect(cut.executions().length).toBeLessThanOrEqual(20)
      expect(tell(cut, entryOf(), 'starting')).toBeGreaterThan(0)
      cut.close()
    }
    expect(broken).toBeGreaterThan(0)
    expect(errors).toHaveLength(broken)
  }, 60_000)

  it('begins anew after random damage, keeping the broken file once for people', () => {
    open().close()
    const size = statSync(file).size
    writeFileSync(file, Buffer.alloc(size, 0x5a))
    const journal = open()
    expect(journal.executions()).toEqual([])
    expect(existsSync(`${file}.broken`)).toBe(true)
    expect(errors).toEqual(['the journal could not be read; a new one begins'])
    journal.close()
  })

  it('with rows that are not JSON counts as broken', () => {
    const journal = open()
    tell(journal, { ...entryOf(), execution: 'x' as ExecutionId }, 'starting')
    journal.close()
    const db = readFileSync(file)
    const at = db.indexOf('{"execution"')
    db.writeUInt8(0x5a, at)
    writeFileSync(file, db)
    open().close()
    expect(errors).toHaveLength(1)
  })
})
