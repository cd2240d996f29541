/**
 * The journal's bound. What matters may use all of it: the latest transition of each execution, what keeps them running,
 * acknowledgements. What only makes more work (a new document, content, execution) must leave a part free.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { DatabaseSync } from 'node:sqlite'
import { WAL_BYTES } from './tables.ts'

export interface Room {
  /** Throws `journal_full` when something of this size would leave too little for what matters. */
  need(bytes: number): void
  /** Every page that the file may have is in use. */
  isAtLimit(): boolean
  /** Bytes of the pages in use. */
  usedBytes(): number
}

/** Pages that stay free for what matters: an eighth, and at least so many. */
const KEPT_PAGES = 16

/** `makeRoom` compacts what can be compacted; asked for once when there is not enough. */
export const boundJournal = (db: DatabaseSync, limitBytes: number, makeRoom: () => void): Room => {
  const pragma = (name: string): number => Number(db.prepare(`pragma ${name}`).get()?.[name])
  const pageBytes = pragma('page_size')
  const wanted = Math.max(64, Math.floor((limitBytes - WAL_BYTES) / pageBytes))
  db.exec(`pragma max_page_count = ${wanted}`)
  // A file that is larger than a new limit keeps its size, and grows no more.
  const most = pragma('max_page_count')
  const pageCount = db.prepare('pragma page_count')
  const freeCount = db.prepare('pragma freelist_count')
  const used = (): number => Number(pageCount.get()?.['page_count']) - Number(freeCount.get()?.['freelist_count'])
  const fits = (bytes: number): boolean =>
    used() + Math.ceil(bytes / pageBytes) + 1 <= most - Math.max(KEPT_PAGES, Math.floor(most / 8))
  return {
    need: (bytes) => {
      if (fits(bytes)) return
      makeRoom()
      if (!fits(bytes)) throw new DunlinError('journal_full')
    },
    isAtLimit: () => used() >= most,
    usedBytes: () => used() * pageBytes,
  }
}
