/** The journal on node:sqlite. */
import type { Content, DesiredExecution, JournalId, Transition } from '@dunlin/contracts/agent'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import { compactUnsent, dropUnusedContents } from './compact.ts'
import type { Journal, LocalState } from './journal.ts'
import { boundJournal } from './room.ts'
import { JOURNAL_LAYOUT } from './tables.ts'
import { asUnwritable } from './write-errors.ts'

/** More unsent transitions than this are compacted to the latest of each execution. */
export const UNSENT_BEFORE_COMPACTION = 500

/**
 * `db` has its tables. `newId` is asked for an id when there is none yet.
 * Every call that writes throws `journal_full`, `disk_full` or `journal_unwritable` when it could not, and then changed nothing.
 */
export const sqliteJournal = (db: DatabaseSync, newId: () => JournalId, limitBytes: number): Journal => {
  const run = (sql: string): ((...values: SQLInputValue[]) => void) => {
    const statement = db.prepare(sql)
    return (...values) => void statement.run(...values)
  }
  const setMeta = run('insert into meta values (?, ?) on conflict (key) do update set value = excluded.value')
  const getMeta = db.prepare('select value from meta where key = ?')
  const meta = (key: string): string | undefined => getMeta.get(key)?.['value'] as string | undefined

  const putExecution = run(`insert into executions values (?, ?, ?, ?, ?) on conflict (id) do update set
    entry = excluded.entry, local = excluded.local, latest = excluded.latest, j = excluded.j`)
  const putLocal = run('update executions set entry = ?, local = ? where id = ?')
  const putUnsent = run('insert into unsent values (?, ?, ?)')
  const dropUnsent = run('delete from unsent where j <= ?')
  const dropExecution = run('delete from executions where id = ?')
  const putContent = run('insert or replace into contents values (?, ?)')
  const dropContent = run('delete from contents where hash = ?')
  const isKnown = db.prepare('select 1 from executions where id = ?')
  const allExecutions = db.prepare('select entry, local, latest, j from executions order by j')
  const someUnsent = db.prepare('select j, transition from unsent where j > ? order by j limit ?')
  const countUnsent = db.prepare('select count(*) as n from unsent')
  const oneContent = db.prepare('select body from contents where hash = ?')
  const allHashes = db.prepare('select hash from contents')

  const atomically = (work: () => void): void => {
    try {
      db.exec('begin immediate')
      work()
      db.exec('commit')
    } catch (error) {
      // Some errors have rolled back by themselves.
      if (db.isTransaction) db.exec('rollback')
      throw error
    }
  }

  const makeRoom = (): void => {
    atomically(() => {
      compactUnsent(db, sendingJ)
      dropUnusedContents(db)
    })
    unsentCount = countUnsent.get()?.['n'] as number
  }
  const room = boundJournal(db, limitBytes, makeRoom)

  /** Compacts once when the file is at its limit. */
  const write = (work: () => void): void => {
    try {
      try {
        atomically(work)
      } catch (error) {
        if (asUnwritable(error, () => room.isAtLimit())?.code !== 'journal_full') throw error
        makeRoom()
        atomically(work)
      }
    } catch (error) {
      throw asUnwritable(error, () => room.isAtLimit()) ?? error
    }
  }

  /**
   * For what may be forgotten when the power is cut right now: it is on the disk with the next `write`, and before it in the
   * log. Whatever is done because of it is written first, so that nothing is done under a document that was never kept.
   */
  const writeSoon = (work: () => void): void => {
    db.exec('pragma synchronous = normal')
    try {
      write(work)
    } finally {
      db.exec('pragma synchronous = full')
    }
  }

  const storedId = meta('id') as JournalId | undefined
  let id = storedId ?? newId()
  // Nothing is written at a start that changes nothing: it must work on a full disk.
  if (storedId === undefined)
    write(() => {
      setMeta('layout', String(JOURNAL_LAYOUT))
      setMeta('id', id)
    })
  let j = Number(meta('j') ?? 0)
  let acknowledgedJ = Number(meta('acknowledged') ?? 0)
  let unsentCount = countUnsent.get()?.['n'] as number
  let sendingJ = 0

  return {
    get id() {
      return id
    },
    get j() {
      return j
    },
    get acknowledgedJ() {
      return acknowledgedJ
    },
    record: (entry, local, transition, tell) => {
      const texts = [JSON.stringify(entry), JSON.stringify(local), JSON.stringify(transition)] as const
      if (!isKnown.get(transition.execution)) room.need(2 * (texts[0].length + texts[1].length + texts[2].length))
      const next = tell ? j + 1 : j
      write(() => {
        if (tell) {
          putUnsent(next, transition.execution, texts[2])
          setMeta('j', String(next))
        }
        putExecution(transition.execution, ...texts, next)
        if (tell && unsentCount + 1 > UNSENT_BEFORE_COMPACTION) compactUnsent(db, sendingJ)
      })
      if (tell) unsentCount = unsentCount < UNSENT_BEFORE_COMPACTION ? unsentCount + 1 : countNow()
      j = next
      return j
    },
    save: (changed) =>
      write(() => {
        for (const { entry, local } of changed) putLocal(JSON.stringify(entry), JSON.stringify(local), entry.execution)
      }),
    isDurable: () => true,
    isKept: () => true,
    executions: () =>
      allExecutions.all().map((row) => ({
        entry: JSON.parse(row['entry'] as string) as DesiredExecution,
        local: JSON.parse(row['local'] as string) as LocalState,
        latest: JSON.parse(row['latest'] as string) as Transition,
        j: row['j'] as number,
      })),
    forget: (execution) => writeSoon(() => dropExecution(execution)),
    unsent: (limit) =>
      someUnsent.all(acknowledgedJ, limit).map((row) => ({
        j: row['j'] as number,
        transition: JSON.parse(row['transition'] as string) as Transition,
      })),
    sending: (upTo) => {
      sendingJ = upTo
    },
    acknowledge: (upTo) => {
      if (upTo <= acknowledgedJ) return
      // Known from now on, whether or not it can be written: a repeat after a restart changes nothing at the centre.
      acknowledgedJ = upTo
      writeSoon(() => {
        dropUnsent(upTo)
        setMeta('acknowledged', String(upTo))
      })
      unsentCount = countNow()
    },
    renew: () => {
      const next = newId()
      write(() => setMeta('id', next))
      id = next
    },
    document: () => meta('document'),
    saveDocument: (text) => {
      room.need(text.length)
      writeSoon(() => setMeta('document', text))
    },
    content: (hash) => {
      const body = oneContent.get(hash)?.['body'] as string | undefined
      return body === undefined ? undefined : (JSON.parse(body) as Content)
    },
    saveContent: (hash, content) => {
      const body = JSON.stringify(content)
      room.need(body.length)
      writeSoon(() => putContent(hash, body))
    },
    keepContents: (hashes) =>
      writeSoon(() => {
        for (const { hash } of allHashes.all()) {
          if (!(hashes as ReadonlySet<unknown>).has(hash)) dropContent(hash as string)
        }
      }),
    usedBytes: () => room.usedBytes(),
    close: () => db.close(),
  }

  function countNow(): number {
    return countUnsent.get()?.['n'] as number
  }
}
