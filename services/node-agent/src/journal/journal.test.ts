import type { JournalId, Sha256, Transition } from '@dunlin/contracts/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { makeFastDir } from '../testing/fast-dir.ts'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'
import { UNSENT_BEFORE_COMPACTION } from './sqlite-journal.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = makeFastDir()
  file = join(folder, 'journal.db')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (path = file): Journal =>
  openJournal({ file: path, newId: () => newId() as JournalId, logger: silentLogger })

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
