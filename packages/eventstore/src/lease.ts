/**
 * Ownership of a role, for efficiency only: who holds the lease does the work that others would do in vain. Nothing is
 * right because of it; the log's compare-and-set is what keeps two owners harmless. Acquired by creating the entry,
 * renewed by compare-and-set, given up at 70 % of its life without a confirmed renewal, by the monotonic clock.
 */
import type { StoreClock } from './clock.ts'
import type { KeyValue, KvEntry } from './kv.ts'

export interface LeaseOptions {
  readonly kv: KeyValue
  readonly key: string
  /** Name of this instance; unique among those that may hold the lease. */
  readonly owner: string
  /** Life of an entry that is not renewed. */
  readonly ttlMs: number
  readonly renewMs: number
  readonly clock: StoreClock
  readonly onHeld: () => void
  readonly onLost: () => void
}

export interface Lease {
  /** May this process act now? */
  held(): boolean
  /** Ends the work on it and gives the role away at once when it is held. */
  stop(): Promise<void>
}

/** Share of its life after which an unconfirmed lease is no longer acted on. */
const TRUSTED = 0.7
/** A foreign entry that did not move for this many lives is dead, even where the bucket does not expire it. */
const DEAD_AFTER = 1.5

export const holdLease = (options: LeaseOptions): Lease => {
  const { kv, key, owner, ttlMs, renewMs, clock } = options
  const value = new TextEncoder().encode(JSON.stringify({ owner }))
  let revision: number | undefined
  let trustedUntilMs = 0
  let stopped = false
  let timer: { cancel(): void } | undefined
  let doubt: { cancel(): void } | undefined
  let foreign: { readonly revision: number; readonly sinceMs: number } | undefined
  let turn: Promise<void> = Promise.resolve()

  const lose = (): void => {
    doubt?.cancel()
    const had = revision !== undefined
    revision = undefined
    if (had) options.onLost()
  }

  /** @param askedMs when the request left: the entry cannot be older than that */
  const hold = (got: number, askedMs: number): void => {
    const had = revision !== undefined
    revision = got
    foreign = undefined
    trustedUntilMs = askedMs + ttlMs * TRUSTED
    doubt?.cancel()
    doubt = clock.after(Math.max(0, trustedUntilMs - clock.monotonicMs()), lose)
    if (!had) options.onHeld()
  }

  /** An answer that took too long confirms nothing. */
  const isTrusted = (askedMs: number): boolean => clock.monotonicMs() < askedMs + ttlMs * TRUSTED

  const mayTakeOver = (entry: KvEntry): boolean => {
    if (ownerOf(entry) === owner) return true
    const nowMs = clock.monotonicMs()
    if (foreign?.revision !== entry.revision) foreign = { revision: entry.revision, sinceMs: nowMs }
    return nowMs - foreign.sinceMs > ttlMs * DEAD_AFTER
  }

  const attempt = async (): Promise<void> => {
    const askedMs = clock.monotonicMs()
    if (revision !== undefined) {
      const renewed = await kv.put(key, value, revision)
      // Lost in the meantime by the clock: the entry is ours, but it is acquired like any other.
      if (renewed !== undefined && !stopped && isTrusted(askedMs)) return hold(renewed, askedMs)
      if (!stopped) lose()
      return
    }
    const entry = await kv.get(key)
    if (entry !== undefined && !mayTakeOver(entry)) return
    const got = await kv.put(key, value, entry?.revision ?? 0)
    if (got === undefined) return
    if (stopped) await kv.delete(key, got)
    else if (isTrusted(askedMs)) hold(got, askedMs)
  }

  const run = (): void => {
    if (stopped) return
    // An unanswered request is not a lost lease: the clock decides.
    turn = attempt()
      .catch(() => {})
      .then(() => {
        if (!stopped) timer = clock.after(renewMs, run)
      })
  }
  run()

  return {
    held: () => !stopped && revision !== undefined && clock.monotonicMs() < trustedUntilMs,
    async stop() {
      if (stopped) return turn
      stopped = true
      timer?.cancel()
      doubt?.cancel()
      await turn
      const last = revision
      revision = undefined
      if (last === undefined) return
      options.onLost()
      await kv.delete(key, last).catch(() => false)
    },
  }
}

const ownerOf = (entry: KvEntry): string | undefined => {
  try {
    return (JSON.parse(new TextDecoder().decode(entry.value)) as { owner?: string } | null)?.owner
  } catch {
    return undefined
  }
}
