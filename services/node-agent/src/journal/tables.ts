/** The journal's tables. A new layout gets a new number; an unknown one is treated like a broken file. */
import type { DatabaseSync } from 'node:sqlite'

export const JOURNAL_LAYOUT = 1

/** Pages in the write-ahead log at which it is folded into the file; it is written over from its beginning then. */
const CHECKPOINT_PAGES = 200
/** Size that the write-ahead log is cut back to; counted into the limit. */
export const WAL_BYTES = 1024 * 1024

export const prepareTables = (db: DatabaseSync): void => {
  // EXCLUSIVE: a second agent on the same data directory is refused by the file system, even without a network.
  // FULL: a transition that was told to the log must not be unsaid by a power cut.
  db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full')
  db.exec(
    `pragma cache_size = -512; pragma wal_autocheckpoint = ${CHECKPOINT_PAGES}; pragma journal_size_limit = ${WAL_BYTES}`,
  )
  db.exec(`
    create table if not exists meta (key text primary key, value text not null) strict;
    create table if not exists executions (
      id text primary key, entry text not null, local text not null, latest text not null, j integer not null
    ) strict;
    create table if not exists unsent (
      j integer primary key, execution text not null, transition text not null
    ) strict;
    create table if not exists contents (hash text primary key, body text not null) strict;
  `)
}

/** Throws when the file is not a whole database of this layout. */
export const checkTables = (db: DatabaseSync): void => {
  const [verdict] = db.prepare('pragma quick_check(1)').all()
  if (verdict?.['quick_check'] !== 'ok') throw new Error(`quick_check: ${String(verdict?.['quick_check'])}`)
  const layout = db.prepare(`select value from meta where key = 'layout'`).get()?.['value']
  if (layout !== undefined && layout !== String(JOURNAL_LAYOUT))
    throw new Error(`layout ${String(layout)} is not known`)
}

/**
 * Takes room from the disk while there is some: pages of the file and of its write-ahead log are written over later, so
 * that a disk that others fill does not stop the agent at once. Best effort.
 */
export const reserveRoom = (db: DatabaseSync): void => {
  const bytes = CHECKPOINT_PAGES * 4096
  try {
    db.prepare(`insert or replace into meta values ('reserve', ?)`).run('0'.repeat(bytes))
    db.exec(`delete from meta where key = 'reserve'`)
  } catch {
    // The disk is full now: the journal goes on with what it has.
  }
}
