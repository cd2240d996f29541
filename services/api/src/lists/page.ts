/** A page of a list from an index: cursor in, items and cursor out. */
import type { ApiState } from '../state/api-state.ts'
import { makeCursor, readCursor } from './cursor.ts'
import type { FacetIndex, PageQuery } from './facet-index.ts'

export interface Page<T> {
  items: T[]
  total: number
  total_is_exact: boolean
  next_cursor?: string
  seq: number
}

/** `view` gives undefined for what has gone since it was indexed. Throws invalid_request for a foreign cursor. */
export const pageItems = <T>(
  state: ApiState,
  index: FacetIndex,
  filter: Pick<PageQuery, 'prefix' | 'facets' | 'without' | 'keep'>,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
  view: (key: string) => T | undefined,
): Page<T> => {
  const after = cursor === undefined ? undefined : readCursor([filter.prefix, filter.facets], cursor)
  const page = index.page({ ...filter, after, limit })
  return {
    items: page.keys.flatMap((key) => view(key) ?? []),
    total: page.total,
    total_is_exact: page.totalIsExact,
    ...(page.next === undefined ? {} : { next_cursor: makeCursor([filter.prefix, filter.facets], page.next) }),
    seq: state.seq(),
  }
}
