/** A journal at its limit and on a full disk: what matters is kept, what cannot be written is said, and nothing is half written. */
import type { DesiredExecution, JournalId, Sha256, Transition } from '@dunlin/contracts/agent'
import { silentLogger } from '@dunlin/runtime/agent'
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newLocal, transitionOf } from '../converge/execution.ts'
import { makeFastDir } from '../testing/fast-dir.ts'
import { documentOf, entryFor, newId, sh } from '../testing/node.ts'
import type { Journal } from './journal.ts'
import { openJournal } from './open-journal.ts'

const MB = 1024 * 1024
const HASH = 'c'.repeat(64) as Sha256

let folder: string
beforeEach(() => (folder = makeFastDir()))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const open = (limitBytes = 2 * MB, file = join(folder, 'journal.db'), reserve = false): Journal =>
  openJournal({ file, newId: () => newId() as JournalId, logger: silentLogger, limitBytes, reserve })
const entryOf = (seq: number, content = HASH): DesiredExecution =>
  entryFor({ storeContent: () => content }, seq, sh('true'))
const record = (journal: Journal, entry: DesiredExecution, state: Transition['state'], message = ''): number => {
  const local = newLocal(1_000)
  const error = message === '' ? {} : { error: { code: 'exited', message } }
  return journal.record(entry, local, transitionOf({ entry, local }, state, 2_000, error), true)
}
const hashOf = (n: number): Sha256 => n.toString(16).padStart(64, '0') as Sha256
/** Keeps contents until there is no room; returns how many went in. */
const fill = (journal: Journal): number => {
  for (let n = 0; ; n++) {
    try {
      journal.saveContent(hashOf(n), sh('x'.repeat(50_000)))
    } catch (error) {
      expect(error).toMatchObject({ code: 'journal_full' })
      return n
    }
  }
}
/** Names contents in the held document, so that they are in use. */
const hold = (journal: Journal, contents: readonly Sha256[]): void =>
  journal.saveDocument(JSON.stringify(documentOf(1, ...contents.map((hash, n) => entryOf(n + 1, hash)))))

describe('a journal at its limit', () => {
  it('drops contents that nobody uses before it refuses anything', () => {
    const journal = open()
    for (let n = 0; n < 200; n++) journal.saveContent(hashOf(n), sh('x'.repeat(50_000)))
    expect(journal.content(hashOf(199))).toBeDefined()
    expect(journal.content(hashOf(0))).toBeUndefined()
    expect(journal.usedBytes()).toBeLessThan(2 * MB)
    journal.close()
  })

  it('refuses more contents, documents and executions than fit, and goes on with what it knows', () => {
    const journal = open()
    const known = entryOf(1)
    record(journal, known, 'starting')
    hold(journal, [known.content, ...Array.from({ length: 30 }, (_, n) => hashOf(n))])
    const held = journal.document()
    expect(fill(journal)).toBeLessThan(30)
    expect(() => journal.saveDocument('x'.repeat(500_000))).toThrow(expect.objectContaining({ code: 'journal_full' }))
    expect(journal.document()).toBe(held)
    let refused: unknown
    for (let n = 0; n < 2_000 && refused === undefined; n++) {
      try {
        record(journal, entryOf(n + 2), 'starting')
      } catch (error) {
        refused = error
      }
    }
    expect(refused).toMatchObject({ code: 'journal_full' })
    const { j } = journal
    // What runs is still told, for as long as it takes, and the file grows no more.
    for (let n = 0; n < 1_500; n++) record(journal, known, n % 2 === 0 ? 'running' : 'degraded', 'x'.repeat(900))
    expect(journal.j).toBe(j + 1_500)
    const own = journal.unsent(10_000).filter(({ transition }) => transition.execution === known.execution)
    expect(own.reduce((sum, { transition }) => sum + 1 + (transition.replaces ?? 0), 0)).toBe(1_501)
    expect(own.at(-1)).toMatchObject({ j: j + 1_500, transition: { state: 'degraded' } })
    expect(statSync(join(folder, 'journal.db')).size + statSync(join(folder, 'journal.db-wal')).size).toBeLessThan(
      3 * MB,
    )
    const before = journal.executions().length
    journal.close()
    const again = open()
    expect(again.executions()).toHaveLength(before)
    expect(again.document()).toBe(held)
    again.close()
  })

  it('has room again when the log has acknowledged and executions are forgotten', () => {
    const journal = open()
    hold(
      journal,
      Array.from({ length: 60 }, (_, n) => hashOf(n)),
    )
    fill(journal)
    expect(() => journal.saveContent(HASH, sh('x'.repeat(50_000)))).toThrow('reached its limit')
    hold(journal, [HASH])
    journal.saveContent(HASH, sh('x'.repeat(50_000)))
    expect(journal.content(HASH)).toBeDefined()
    journal.close()
  })
})

/** A file system of its own that is soon full; undefined where this user may not mount one. */
const mountSmall = (): { readonly dir: string; readonly unmount: () => void } | undefined => {
  const dir = join(folder, 'small')
  mkdirSync(dir)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', dir], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  return { dir, unmount: () => void execFileSync('umount', [dir], { stdio: 'ignore' }) }
}

describe('a disk that others have filled', () => {
  const fillDisk = (dir: string): void => {
    for (const bytes of [64 * 1024, 4 * 1024, 1])
      try {
        for (let n = 0; ; n++) writeFileSync(join(dir, `other-${bytes}-${n}`), Buffer.alloc(bytes))
      } catch {
        // No room for another one of this size.
      }
  }

  it('is withstood for a while by what was reserved, then said, and nothing is lost or half written', (context) => {
    const small = mountSmall()
    if (small === undefined) return context.skip('this user may not mount a tmpfs')
    try {
      const file = join(small.dir, 'journal.db')
      const journal = open(64 * MB, file, true)
      const known = entryOf(1)
      record(journal, known, 'starting')
      fillDisk(small.dir)
      for (let n = 0; n < 300; n++) record(journal, known, n % 2 === 0 ? 'running' : 'degraded')
      expect(journal.j).toBe(301)
      let refused: unknown
      for (let n = 0; n < 5_000 && refused === undefined; n++) {
        try {
          record(journal, entryOf(n + 2), 'starting', 'x'.repeat(900))
        } catch (error) {
          refused = error
        }
      }
      expect(refused).toMatchObject({ code: 'disk_full' })
      const [j, count] = [journal.j, journal.executions().length]
      // What the log has is not sent again, whether or not that could be written down.
      const acknowledging = (): unknown => {
        try {
          return journal.acknowledge(j)
        } catch (error) {
          return (error as { code?: string }).code
        }
      }
      expect([undefined, 'disk_full']).toContain(acknowledging())
      expect(journal.unsent(10)).toEqual([])
      journal.close()
      // It opens on the full disk, too.
      const again = open(64 * MB, file, true)
      expect([again.j, again.executions().length]).toEqual([j, count])
      again.close()
    } finally {
      small.unmount()
    }
  }, 30_000)
})
