/** Why the journal's file cannot be written, as the agent tells it; anything else is no matter of room. */
import { DunlinError } from '@dunlin/contracts/agent'

export type UnwritableCode = 'journal_full' | 'disk_full' | 'journal_unwritable'

const SQLITE_READONLY = 8
const SQLITE_IOERR = 10
const SQLITE_FULL = 13
const SQLITE_CANTOPEN = 14

export const sqliteCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number' ? error.errcode & 0xff : undefined

/** `isAtLimit`: the file has as many pages as it may; otherwise it is the disk that has no room. */
export const asUnwritable = (error: unknown, isAtLimit: () => boolean): DunlinError | undefined => {
  switch (sqliteCode(error)) {
    case SQLITE_FULL:
      return new DunlinError(isAtLimit() ? 'journal_full' : 'disk_full', undefined, { cause: error })
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return new DunlinError('journal_unwritable', `The journal cannot be written: ${String(error)}`, { cause: error })
    default:
      return undefined
  }
}

export const isUnwritable = (error: unknown): error is DunlinError & { readonly code: UnwritableCode } =>
  error instanceof DunlinError && codes.has(error.code)

const codes: ReadonlySet<string> = new Set<UnwritableCode>(['journal_full', 'disk_full', 'journal_unwritable'])
