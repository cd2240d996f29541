/** A worker thread: measures what it is given and tells each rollout as it ends. */
import { parentPort } from 'node:worker_threads'
import { runCase, type Case, type Measured } from './case.ts'

export interface Errand {
  readonly n: number
  readonly case: Case
  readonly seeds: readonly number[]
}
export type Told =
  | { readonly n: number; readonly measured: Measured }
  | { readonly n: number; readonly done: true }
  | { readonly n: number; readonly error: string }

parentPort?.on('message', ({ n, case: one, seeds }: Errand) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const tell = (told: Told): void => parentPort?.postMessage(told)
  runCase(one, seeds, (measured) => tell({ n, measured })).then(
    () => tell({ n, done: true }),
    (error: unknown) => tell({ n, error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
  )
})
