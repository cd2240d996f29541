/** The control of the mutants: all stories, and the first seeds, on the code as it is. */
import { Worker } from 'node:worker_threads'
import type { MutantResult, MutantTask } from '../../simulation/mutants/worker.ts'

/** What notices code that nobody changed; undefined = nothing, as it should be. */
export type HuntUnchanged = (seeds: number) => Promise<string | undefined>

export const huntUnchanged: HuntUnchanged = async (seeds) => {
  const workerData: MutantTask = { mutant: undefined, seeds }
  const worker = new Worker(new URL('../../simulation/mutants/worker.ts', import.meta.url), {
    execArgv: ['--conditions=dunlin-source'],
    workerData,
  })
  try {
    const { killedBy, detail } = await new Promise<MutantResult>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      worker.once('exit', (code) => reject(new Error(`the control ended with code ${code}`)))
    })
    return killedBy === undefined ? undefined : `${killedBy} (${detail})`
  } finally {
    await worker.terminate()
  }
}
