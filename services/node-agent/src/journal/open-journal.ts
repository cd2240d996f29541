/** Opens the journal of a data directory; a broken file is set aside and a new journal begins, with a new id. */
import { DunlinError, type JournalId } from '@dunlin/contracts/agent'
import type { Logger } from '@dunlin/runtime/agent'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { Journal } from './journal.ts'
import { sqliteJournal } from './sqlite-journal.ts'
import { checkTables, prepareTables, reserveRoom } from './tables.ts'
import { asUnwritable, sqliteCode } from './write-errors.ts'

export interface JournalOptions {
  /** Path of the file, or ":memory:". */
  readonly file: string
  readonly newId: () => JournalId
  readonly logger: Logger
  /** What the file and its write-ahead log may have together; default 64 MB. */
  readonly limitBytes?: number
  /** Whether room is taken from the disk beforehand; default true. */
  readonly reserve?: boolean
}

const JOURNAL_LIMIT_BYTES = 64 * 1024 * 1024

/** Throws `second_agent` when another process holds this journal. */
export const openJournal = (options: JournalOptions): Journal => {
  const { file, logger } = options
  try {
    return openOnce(options)
  } catch (error) {
    if (isLocked(error))
      throw new DunlinError('second_agent', `Another agent uses the journal ${file}.`, { cause: error })
    // A full disk or a missing right is not a broken file: setting it aside would lose what is good.
    const unwritable = asUnwritable(error, () => false)
    if (unwritable !== undefined && !isBroken(error)) throw unwritable
    if (file === ':memory:' || error instanceof DunlinError) throw error
    const aside = `${file}.broken`
    // Recovery goes on from task directories and the log; the old file is kept once, for people.
    for (const end of ['', '-wal', '-shm']) {
      rmSync(aside + end, { force: true })
      if (existsSync(file + end)) renameSync(file + end, aside + end)
    }
    const journal = openOnce(options)
    const reason = error instanceof Error ? error.message : String(error)
    logger.error('the journal could not be read; a new one begins', { file, aside, reason, journal: journal.id })
    return journal
  }
}

const openOnce = ({ file, newId, limitBytes = JOURNAL_LIMIT_BYTES, reserve = true }: JournalOptions): Journal => {
  const db = new DatabaseSync(file)
  try {
    prepareTables(db)
    checkTables(db)
    const journal = sqliteJournal(db, newId, limitBytes)
    // Rows are read once here, so that a row that is cut or not JSON is found at the start and not in the middle of work.
    journal.executions()
    journal.unsent(1_000_000)
    if (reserve && file !== ':memory:') reserveRoom(db)
    return journal
  } catch (error) {
    db.close()
    throw error
  }
}

const SQLITE_BUSY = 5
const SQLITE_IOERR = 10

const isLocked = (error: unknown): boolean => sqliteCode(error) === SQLITE_BUSY

/** An error on reading comes from a file that is too short or a disk that is broken. */
const isBroken = (error: unknown): boolean => sqliteCode(error) === SQLITE_IOERR
