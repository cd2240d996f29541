/** Hunts mutants, a few at once, each in a thread that loads the changed code and nothing else. */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import type { Mutant } from './mutant.ts'
import type { MutantResult, MutantTask } from './worker.ts'

export interface Hunted extends MutantResult {
  readonly mutant: Mutant
  readonly seconds: number
}

/** A mutant that makes the simulated world turn for ever is as dead as one that breaks a law. */
const AT_MOST_MS = 10 * 60_000

const huntOne = (mutant: Mutant, seeds: number): Promise<Hunted> =>
  new Promise((resolve) => {
    const began = performance.now()
    const workerData: MutantTask = { mutant: mutant.name, seeds }
    const options = { execArgv: ['--conditions=dunlin-source'], workerData }
    const worker = new Worker(new URL('./worker.ts', import.meta.url), options)
    const end = (result: MutantResult): void => {
      clearTimeout(timer)
      void worker.terminate()
      resolve({ mutant, seconds: (performance.now() - began) / 1000, ...result })
    }
    const timer = setTimeout(() => end({ killedBy: 'time', detail: 'it never came to an end' }), AT_MOST_MS)
    worker.once('message', end)
    worker.once('error', (error) => {
      // The code has changed, or does not load: that is no kill.
      const detail = error instanceof Error ? error.message : String(error)
      if (detail.includes('does not hold the text') || detail.includes('there is no mutant')) end({ detail })
      else end({ killedBy: 'crash', detail })
    })
  })

export const hunt = async (
  mutants: readonly Mutant[],
  seeds: number,
  onHunted: (hunted: Hunted) => void,
): Promise<readonly Hunted[]> => {
  const queue = mutants.values()
  const hunted: Hunted[] = []
  const one = async (): Promise<void> => {
    for (const mutant of queue) {
      const result = await huntOne(mutant, seeds)
      hunted.push(result)
      onHunted(result)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, one))
  return hunted
}
