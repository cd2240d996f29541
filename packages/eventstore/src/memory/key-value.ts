/** Key-value buckets and document stores in memory. */
import type { DocumentStore, KeyValue } from '../kv.ts'
import { scheduled, type Settings } from './options.ts'

interface Entry {
  readonly value: Uint8Array
  readonly revision: number
  /** Monotonic time of writing. */
  readonly atMs: number
}

interface BucketOptions {
  /** Entries older than this are gone; by the monotonic clock. */
  readonly ttlMs?: number
  readonly onPut?: (key: string, value: Uint8Array) => void
}

export const createBucket = ({ clock, schedule }: Settings, { ttlMs, onPut }: BucketOptions = {}): KeyValue => {
  const entries = new Map<string, Entry>()
  let revision = 0

  const present = (key: string): Entry | undefined => {
    const entry = entries.get(key)
    if (entry === undefined || ttlMs === undefined || clock.monotonicMs() - entry.atMs < ttlMs) return entry
    entries.delete(key)
    return undefined
  }

  return {
    get: (key) =>
      scheduled(schedule, () => {
        const entry = present(key)
        return entry === undefined ? undefined : { key, value: entry.value, revision: entry.revision }
      }),
    put: (key, value, expected) =>
      scheduled(schedule, () => {
        if ((present(key)?.revision ?? 0) !== expected) return undefined
        entries.set(key, { value: value.slice(), revision: ++revision, atMs: clock.monotonicMs() })
        onPut?.(key, value)
        return revision
      }),
    delete: (key, expected) =>
      scheduled(schedule, () => {
        if ((present(key)?.revision ?? 0) !== expected || expected === 0) return false
        // A deletion is a write of its own, as on the server.
        revision++
        return entries.delete(key)
      }),
    keys: (prefix = '') =>
      scheduled(schedule, () =>
        [...entries.keys()].filter((key) => key.startsWith(prefix) && present(key) !== undefined),
      ),
  }
}

export const createDocuments = (settings: Settings, onPut?: BucketOptions['onPut']): DocumentStore => ({
  ...createBucket(settings, onPut === undefined ? {} : { onPut }),
  windowSize: 256,
})
