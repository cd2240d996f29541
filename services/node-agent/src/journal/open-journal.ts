/** Opens the journal of a data directory; a broken file is set aside and a new journal begins, with a new id. */
import { DunlinError, type JournalId } from '@dunlin/contracts/agent'
import type { Logger } from '@dunlin/runtime/agent'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Journal } from './journal.ts'
import { sqliteJournal } from './sqlite-journal.ts'
import { checkTables, prepareTables } from './tables.ts'

export interface JournalOptions {
  /** Path of the file, or ":memory:". */
  readonly file: string
  readonly newId: () => JournalId
  readonly logger: Logger
}

/** Throws `second_agent` when another process holds this journal. */
export const openJournal = ({ file, newId, logger }: JournalOptions): Journal => {
  try {
    return openOnce(file, newId)
  } catch (error) {
    if (isLocked(error))
      throw new DunlinError('second_agent', `Another agent uses the journal ${file}.`, { cause: error })
    if (file === ':memory:' || !isBroken(error)) throw error
    const aside = `${file}.broken`
    // Recovery goes on from task directories and the log; the old file is kept once, for people.
    for (const end of ['', '-wal', '-shm']) {
      rmSync(aside + end, { force: true })
      if (existsSync(file + end)) renameSync(file + end, aside + end)
    }
    const journal = openOnce(file, newId)
    const reason = error instanceof Error ? error.message : String(error)
    logger.error('the journal could not be read; a new one begins', { file, aside, reason, journal: journal.id })
    return journal
  }
}

const openOnce = (file: string, newId: () => JournalId): Journal => {
  const db = new DatabaseSync(file)
  try {
    prepareTables(db)
    checkTables(db)
    const journal = sqliteJournal(db, newId)
    // Rows are read once here, so that a row that is cut or not JSON is found at the start and not in the middle of work.
    journal.executions()
    journal.unsent(1_000_000)
    return journal
  } catch (error) {
    db.close()
    throw error
  }
}

const SQLITE_BUSY = 5
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14
const SQLITE_READONLY = 8

const errorCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

const isLocked = (error: unknown): boolean => errorCode(error) === SQLITE_BUSY

/** A full disk or a missing right is not a broken file: setting it aside would lose what is good. */
const isBroken = (error: unknown): boolean =>
  ![SQLITE_FULL, SQLITE_CANTOPEN, SQLITE_READONLY].includes(errorCode(error) ?? -1)
