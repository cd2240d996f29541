/** Runs seeds on worker threads: each asks for the next few when it is done with its own. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Broken } from '../laws/names.ts'

export interface SeedResult {
  readonly seed: number
  readonly commits: number
  readonly simulatedMs: number
  readonly broken: readonly Broken[]
}

export interface PoolOptions {
  readonly from: number
  readonly count: number
  readonly threads?: number
  /** Ends early: the rest is not begun. */
  readonly until?: (result: SeedResult) => boolean
  readonly onResult?: (result: SeedResult) => void
}

const AT_ONCE = 5

export const runSeeds = async (options: PoolOptions): Promise<readonly SeedResult[]> => {
  const { from, count, threads = availableParallelism(), until, onResult } = options
  const results: SeedResult[] = []
  let next = from
  let over = false
  const take = (): number[] => {
    const seeds: number[] = []
    if (over) return seeds
    for (; next < from + count && seeds.length < AT_ONCE; next += 1) seeds.push(next)
    return seeds
  }
  const runOne = (): Promise<void> =>
    new Promise((resolve, reject) => {
      // A test runner's own loaders stay behind: the worker runs the sources as `npm run sim` does.
      const worker = new Worker(new URL('./worker.ts', import.meta.url), { execArgv: ['--conditions=dunlin-source'] })
      const give = (): void => {
        const seeds = take()
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        if (seeds.length > 0) return worker.postMessage(seeds)
        void worker.terminate().then(() => resolve())
      }
      worker.on('message', (message: SeedResult | 'next') => {
        if (message === 'next') return give()
        results.push(message)
        onResult?.(message)
        if (until?.(message) === true) over = true
      })
      worker.once('error', reject)
      give()
    })
  await Promise.all(Array.from({ length: Math.min(threads, count) }, runOne))
  return results.toSorted((a, b) => a.seed - b.seed)
}
