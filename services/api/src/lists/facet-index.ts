/**
 * Keys by facets (`state:running`, `type:pipeline`, `label:zone=a`), each facet a sorted set: a filtered page walks the
 * smallest set that the filter names and nothing else.
 */
import { createSortedKeys, type SortedKeys } from './sorted-keys.ts'

export interface PageQuery {
  /** Only keys that begin with this. */
  readonly prefix?: string | undefined
  /** All of them must hold. */
  readonly facets: readonly string[]
  /** Facets of which none may hold. */
  readonly without?: readonly string[]
  /** Whatever no facet can tell; asked only for keys that passed the facets. */
  readonly keep?: ((key: string) => boolean) | undefined
  /** Begin after this key. */
  readonly after?: string | undefined
  readonly limit: number
}

export interface KeyPage {
  readonly keys: readonly string[]
  /** Key to go on after; absent on the last page. */
  readonly next?: string
  readonly total: number
  /** False when counting stopped at `COUNT_LIMIT`: there are at least `total`. */
  readonly totalIsExact: boolean
}

export interface FacetIndex {
  /** Replaces what was known of the key; `undefined` takes it out. */
  update(key: string, facets: readonly string[] | undefined): void
  page(query: PageQuery): KeyPage
  size(): number
  clear(): void
}

/** A count that needs looking at each key ends here. */
const COUNT_LIMIT = 10_000
/** The first text above all that begin with `prefix`. */
const above = (prefix: string): string =>
  prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)

export const createFacetIndex = (): FacetIndex => {
  let all = createSortedKeys()
  const buckets = new Map<string, SortedKeys>()
  const known = new Map<string, readonly string[]>()

  const leave = (key: string, facet: string): void => {
    const bucket = buckets.get(facet)
    if (bucket?.remove(key) && bucket.size() === 0) buckets.delete(facet)
  }
  const join = (key: string, facet: string): void => {
    const bucket = buckets.get(facet) ?? createSortedKeys()
    buckets.set(facet, bucket)
    bucket.add(key)
  }

  return {
    size: () => all.size(),
    clear: () => {
      all = createSortedKeys()
      buckets.clear()
      known.clear()
    },
    update: (key, facets) => {
      const before = known.get(key) ?? []
      for (const facet of before) if (!facets?.includes(facet)) leave(key, facet)
      if (facets === undefined) {
        known.delete(key)
        all.remove(key)
        return
      }
      for (const facet of facets) if (!before.includes(facet)) join(key, facet)
      if (!known.has(key)) all.add(key)
      known.set(key, facets)
    },
    page: ({ prefix = '', facets, without = [], keep, after, limit }) => {
      const sets = facets.map((facet) => buckets.get(facet))
      if (sets.includes(undefined)) return { keys: [], total: 0, totalIsExact: true }
      const [walked = all, ...others] = (sets as SortedKeys[]).sort((a, b) => a.size() - b.size())
      const barred = without.flatMap((facet) => buckets.get(facet) ?? [])
      const passes = (key: string): boolean =>
        others.every((set) => set.has(key)) && !barred.some((set) => set.has(key)) && (keep?.(key) ?? true)
      const start = after !== undefined && after >= prefix ? after : prefix
      const { keys, next } = collect(walked, { start, after, prefix, limit, passes })
      const plain = others.length === 0 && barred.length === 0 && keep === undefined
      const count = plain
        ? { total: countPrefix(walked, prefix), totalIsExact: true }
        : countWalking(walked, prefix, passes)
      return { keys, ...count, ...(next === undefined ? {} : { next }) }
    },
  }
}

interface Collecting {
  readonly start: string
  readonly after: string | undefined
  readonly prefix: string
  readonly limit: number
  readonly passes: (key: string) => boolean
}

const collect = (set: SortedKeys, { start, after, prefix, limit, passes }: Collecting) => {
  const keys: string[] = []
  for (const key of set.from(start)) {
    if (!key.startsWith(prefix)) break
    if (key === after || !passes(key)) continue
    // One more than asked for exists: there is a next page.
    if (keys.length === limit) return { keys, next: keys.at(-1) }
    keys.push(key)
  }
  return { keys, next: undefined }
}

const countPrefix = (set: SortedKeys, prefix: string): number =>
  prefix === '' ? set.size() : set.rank(above(prefix)) - set.rank(prefix)

const countWalking = (set: SortedKeys, prefix: string, passes: (key: string) => boolean) => {
  let total = 0
  let looked = 0
  for (const key of set.from(prefix)) {
    if (!key.startsWith(prefix)) break
    if (looked++ >= COUNT_LIMIT) return { total, totalIsExact: false }
    if (passes(key)) total += 1
  }
  return { total, totalIsExact: true }
}
