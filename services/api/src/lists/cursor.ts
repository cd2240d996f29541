/** Opaque cursors: where a list goes on, tied to the filter it was made for. */
import { createHash } from 'node:crypto'
import { DunlinError } from '@dunlin/contracts'

/** `filter` is whatever selects the list, without limit and cursor. */
const fingerprint = (filter: unknown): string =>
  createHash('sha256').update(JSON.stringify(filter)).digest('base64url').slice(0, 8)

export const makeCursor = (filter: unknown, after: string): string =>
  Buffer.from(JSON.stringify([fingerprint(filter), after])).toString('base64url')

/** Throws invalid_request when the text is no cursor of ours or belongs to another filter. */
export const readCursor = (filter: unknown, cursor: string): string => {
  let read: unknown
  try {
    read = JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    read = undefined
  }
  const [made, after] = Array.isArray(read) ? (read as unknown[]) : []
  if (typeof after !== 'string' || made !== fingerprint(filter))
    throw new DunlinError('invalid_request', 'The cursor does not belong to this list.', {
      hint: 'Begin without a cursor, and keep the same filters from page to page.',
      errors: [{ path: 'cursor', message: 'not a cursor of this list' }],
    })
  return after
}
