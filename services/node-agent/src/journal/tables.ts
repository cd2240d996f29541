/** The journal's tables. A new layout gets a new number; an unknown one is treated like a broken file. */
import type { DatabaseSync } from 'node:sqlite'

export const JOURNAL_LAYOUT = 1

export const prepareTables = (db: DatabaseSync): void => {
  // EXCLUSIVE: a second agent on the same data directory is refused by the file system, even without a network.
  // FULL: a transition that was told to the log must not be unsaid by a power cut.
  db.exec('pragma locking_mode = exclusive; pragma journal_mode = wal; pragma synchronous = full')
  db.exec('pragma cache_size = -512; pragma wal_autocheckpoint = 200; pragma journal_size_limit = 1048576')
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
