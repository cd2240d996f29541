/** One thread, one mutant: tells it all stories, then seeds, until one of them notices. */
import { parentPort, workerData } from 'node:worker_threads'
import { installMutant } from './hook.ts'

export interface MutantTask {
  readonly mutant: string | undefined
  readonly seeds: number
}
export interface MutantResult {
  /** What noticed it; undefined = it survived. */
  readonly killedBy?: string
  readonly detail?: string
}

const { mutant, seeds } = workerData as MutantTask

const hunt = async (): Promise<MutantResult> => {
  // Loaded now, and not above: the mutant must be in place first.
  const { stories } = await import('../bugs/all.ts')
  const { simulate } = await import('../run/simulate.ts')
  const { drawScenario } = await import('../scenario/draw.ts')
  for (const { tracker, run } of stories) {
    const error = await run().then(
      () => undefined,
      (thrown: unknown) => String(thrown instanceof Error ? thrown.message : thrown).split('\n')[0],
    )
    if (error !== undefined) return { killedBy: `story ${tracker}`, detail: error }
  }
  for (let seed = 1; seed <= seeds; seed += 1) {
    const { broken } = await simulate(drawScenario(seed), { untilBroken: true })
    const [first] = broken
    if (first !== undefined) return { killedBy: `seed ${seed}`, detail: `${first.law}: ${first.detail}` }
  }
  return {}
}

if (mutant !== undefined) installMutant(mutant)
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
parentPort?.postMessage(await hunt())
