/** The journal on node:sqlite. */
import type { Content, DesiredExecution, JournalId, Transition } from '@dunlin/contracts/agent'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import type { Journal, LocalState } from './journal.ts'
import { JOURNAL_LAYOUT } from './tables.ts'

/** More unsent transitions than this are compacted to the latest of each execution. */
export const UNSENT_BEFORE_COMPACTION = 500

/** `db` has its tables. `newId` is asked for an id when there is none yet. */
export const sqliteJournal = (db: DatabaseSync, newId: () => JournalId): Journal => {
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
  const allExecutions = db.prepare('select entry, local, latest, j from executions order by j')
  const someUnsent = db.prepare('select j, transition from unsent order by j limit ?')
  const countUnsent = db.prepare('select count(*) as n from unsent')
  const oneContent = db.prepare('select body from contents where hash = ?')
  const allHashes = db.prepare('select hash from contents')

  const atomically = (work: () => void): void => {
    db.exec('begin immediate')
    try {
      work()
      db.exec('commit')
    } catch (error) {
      db.exec('rollback')
      throw error
    }
  }

  setMeta('layout', String(JOURNAL_LAYOUT))
  let id = (meta('id') as JournalId | undefined) ?? newId()
  setMeta('id', id)
  let j = Number(meta('j') ?? 0)
  let acknowledgedJ = Number(meta('acknowledged') ?? 0)
  let unsentCount = countUnsent.get()?.['n'] as number

  /** Keeps the latest unsent transition of each execution and says how many it stands for. */
  const compact = (): void => {
    const rows = db.prepare('select execution, count(*) as n, max(j) as last from unsent group by execution').all()
    for (const { execution, n, last } of rows) {
      if ((n as number) < 2) continue
      const kept = db.prepare('select transition from unsent where j = ?').get(last as number)?.['transition'] as string
      const earlier = db.prepare('select transition from unsent where execution = ? and j < ?')
      const before = earlier.all(execution as string, last as number).map((row) => replacesOf(row['transition']))
      const transition = JSON.parse(kept) as Transition
      const replaces = before.reduce((sum, count) => sum + count + 1, transition.replaces ?? 0)
      run('delete from unsent where execution = ? and j < ?')(execution as string, last as number)
      run('update unsent set transition = ? where j = ?')(JSON.stringify({ ...transition, replaces }), last as number)
    }
    unsentCount = countUnsent.get()?.['n'] as number
  }

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
      atomically(() => {
        const text = JSON.stringify(transition)
        if (tell) {
          putUnsent(j + 1, transition.execution, text)
          setMeta('j', String(j + 1))
        }
        putExecution(transition.execution, JSON.stringify(entry), JSON.stringify(local), text, tell ? j + 1 : j)
        if (tell && unsentCount + 1 > UNSENT_BEFORE_COMPACTION) compact()
        else if (tell) unsentCount += 1
      })
      if (tell) j += 1
      return j
    },
    save: (changed) =>
      atomically(() => {
        for (const { entry, local } of changed) putLocal(JSON.stringify(entry), JSON.stringify(local), entry.execution)
      }),
    executions: () =>
      allExecutions.all().map((row) => ({
        entry: JSON.parse(row['entry'] as string) as DesiredExecution,
        local: JSON.parse(row['local'] as string) as LocalState,
        latest: JSON.parse(row['latest'] as string) as Transition,
        j: row['j'] as number,
      })),
    forget: (execution) => dropExecution(execution),
    unsent: (limit) =>
      someUnsent.all(limit).map((row) => ({
        j: row['j'] as number,
        transition: JSON.parse(row['transition'] as string) as Transition,
      })),
    acknowledge: (upTo) => {
      if (upTo <= acknowledgedJ) return
      atomically(() => {
        dropUnsent(upTo)
        setMeta('acknowledged', String(upTo))
      })
      acknowledgedJ = upTo
      unsentCount = countUnsent.get()?.['n'] as number
    },
    renew: () => {
      id = newId()
      setMeta('id', id)
    },
    document: () => meta('document'),
    saveDocument: (text) => setMeta('document', text),
    content: (hash) => {
      const body = oneContent.get(hash)?.['body'] as string | undefined
      return body === undefined ? undefined : (JSON.parse(body) as Content)
    },
    saveContent: (hash, content) => putContent(hash, JSON.stringify(content)),
    keepContents: (hashes) => {
      for (const { hash } of allHashes.all()) {
        if (!(hashes as ReadonlySet<unknown>).has(hash)) dropContent(hash as string)
      }
    },
    close: () => db.close(),
  }
}

const replacesOf = (text: unknown): number => (JSON.parse(text as string) as Transition).replaces ?? 0
