/** Measures cases on every core, a few rollouts of one world at a time, and gives the outcomes in order of their seeds. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Case, Measured } from './case.ts'
import type { Errand, Told } from './worker.ts'

export interface Pool {
  measure(one: Case, seeds: readonly number[], onProgress: (done: number) => void): Promise<readonly Measured[]>
  stop(): Promise<void>
}

/** A world grows with every job that it has seen, and is begun again before that costs much. */
const ROLLOUTS_PER_WORLD = { light: 20, real: 5 }

export const createPool = (threads = availableParallelism()): Pool => {
  const workers = Array.from({ length: threads }, () => new Worker(new URL('./worker.ts', import.meta.url)))
  const idle = [...workers]
  const waiting: (() => void)[] = []
  let errands = 0

  const someWorker = async (): Promise<Worker> => {
    for (;;) {
      const worker = idle.pop()
      if (worker !== undefined) return worker
      await new Promise<void>((resolve) => waiting.push(resolve))
    }
  }

  const run = async (one: Case, seeds: readonly number[], onMeasured: (measured: Measured) => void): Promise<void> => {
    const worker = await someWorker()
    const errand: Errand = { n: (errands += 1), case: one, seeds }
    try {
      await new Promise<void>((resolve, reject) => {
        const onMessage = (told: Told): void => {
          if (told.n !== errand.n) return
          if ('measured' in told) return onMeasured(told.measured)
          worker.off('message', onMessage)
          worker.off('error', reject)
          if ('done' in told) resolve()
          else reject(new Error(told.error))
        }
        worker.on('message', onMessage)
        worker.on('error', reject)
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
        worker.postMessage(errand)
      })
    } finally {
      idle.push(worker)
      waiting.shift()?.()
    }
  }

  return {
    measure: async (one, seeds, onProgress) => {
      const bySeed = new Map<number, Measured>()
      const size = ROLLOUTS_PER_WORLD[one.fleet]
      const worlds: Promise<void>[] = []
      for (let from = 0; from < seeds.length; from += size)
        worlds.push(
          run(one, seeds.slice(from, from + size), (measured) => {
            bySeed.set(measured.seed, measured)
            onProgress(bySeed.size)
          }),
        )
      await Promise.all(worlds)
      return seeds.map((seed) => bySeed.get(seed)).filter((measured) => measured !== undefined)
    },
    stop: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()))
    },
  }
}
