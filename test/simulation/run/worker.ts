/** One thread of the pool: runs the seeds it is sent, and asks for more. */
import { parentPort } from 'node:worker_threads'
import { drawScenario } from '../scenario/draw.ts'
import type { SeedResult } from './pool.ts'
import { simulate } from './simulate.ts'

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (message: SeedResult | 'next'): void => parentPort?.postMessage(message)

const run = async (seeds: readonly number[]): Promise<void> => {
  for (const seed of seeds) {
    const { commits, simulatedMs, broken } = await simulate(drawScenario(seed))
    tell({ seed, commits, simulatedMs, broken })
  }
  tell('next')
}

parentPort?.on('message', (seeds: readonly number[]) => void run(seeds))
