/**
 * Work that reads something, changes it and writes it back, where the place itself has no compare-and-set: of several
 * instances one does it at a time, by an entry that is made by compare-and-set and taken away afterwards.
 */
import type { KeyValue } from '@dunlin/eventstore'
import { sleep, type Clock } from '@dunlin/runtime'

export type OneAtATime = <T>(work: () => Promise<T>) => Promise<T>

const ASK_EVERY_MS = 50

type Place = Pick<KeyValue, 'put' | 'delete'>

/** The revision of the entry; undefined when nobody has taken his away for longer than one lives. */
const enter = async (kv: Place, key: string, clock: Clock, lifeMs: number): Promise<number | undefined> => {
  const untilMono = clock.monotonicMs() + lifeMs * 1.5
  while (clock.monotonicMs() < untilMono) {
    const entered = await kv.put(key, new TextEncoder().encode('{}'), 0)
    if (entered !== undefined) return entered
    await sleep(clock, ASK_EVERY_MS)
  }
  return undefined
}

/**
 * @param lifeMs after this an entry is gone by itself, as one whose instance has died; longer than any work takes. Whoever
 * has waited for longer than that, or cannot ask, works without the entry: late is worse than twice.
 */
export const oneAtATime =
  (kv: Place, key: string, clock: Clock, lifeMs = 10_000): OneAtATime =>
  async (work) => {
    const entered = await enter(kv, key, clock, lifeMs).catch(() => undefined)
    try {
      return await work()
    } finally {
      if (entered !== undefined) await kv.delete(key, entered).catch(() => false)
    }
  }
