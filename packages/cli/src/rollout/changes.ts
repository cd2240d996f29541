/** Commits of a job as they come, several of them as one: whoever looks at the job needs to look once. */
import type { Client } from '@dunlin/client'
import { DunlinError, type JobKey } from '@dunlin/contracts'
import type { Io } from '../io.ts'

/** Events of a large rollout come faster than anybody reads. */
const AT_MOST_EVERY_MS = 150
export const RETRY_MS = 500

export interface Changes {
  /** The sequence of the last change since the last call; undefined when `timeoutMs` passed without one. */
  next(timeoutMs?: number): Promise<number | undefined>
}

/** Follows until `signal` is aborted; a stream that ends for good is thrown by `next`. */
export const followChanges = (client: Client, io: Io, key: JobKey, since: number, signal: AbortSignal): Changes => {
  let latest: number | undefined
  let waiting: (() => void) | undefined
  const wake = (): void => waiting?.()
  let failure: unknown
  const onLost = (): void => io.err('connection lost, trying again\n')
  let from = since
  const read = async (): Promise<void> => {
    const filter = { namespace: key.namespace, job: key.name }
    for await (const event of client.events(filter, { since: from, signal, onLost })) {
      from = event.seq
      if (event.kind !== 'job') continue
      latest = event.seq
      wake()
    }
  }
  /** The client comes back by itself once it was connected; who watches through a restart may not have been yet. */
  const keepReading = async (): Promise<void> => {
    for (;;) {
      try {
        return await read()
      } catch (error) {
        if (signal.aborted || !(error instanceof DunlinError) || !error.retryable) throw error
        onLost()
        await sleep(RETRY_MS, signal)
      }
    }
  }
  void keepReading()
    .catch((error: unknown) => {
      failure = error
    })
    .then(wake)
  signal.addEventListener('abort', wake, { once: true })
  let lastAt = 0
  return {
    next: async (timeoutMs) => {
      const pause = AT_MOST_EVERY_MS - (performance.now() - lastAt)
      if (pause > 0 && !signal.aborted) await sleep(pause, signal)
      if (latest === undefined && failure === undefined && !signal.aborted) {
        const timer = new AbortController()
        const woken = new Promise<void>((resolve) => {
          waiting = resolve
        })
        await (timeoutMs === undefined ? woken : Promise.race([woken, sleep(timeoutMs, timer.signal)]))
        timer.abort()
      }
      if (failure !== undefined && !signal.aborted) throw failure
      const seq = latest
      latest = undefined
      lastAt = performance.now()
      return seq
    },
  }
}

/** Ends early when `signal` is aborted. */
export const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = (): void => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
  })
