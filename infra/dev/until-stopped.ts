/** Signals of a launcher: the first stops everything in order, the second ends it at once. */
import { say } from './say.ts'
import type { Launch } from './fleet.ts'

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Stopper {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal
  /** Stops everything, once, however often it is called. */
  stop(): Promise<void>
}

export const stopOnSignals = (launch: Launch): Stopper => {
  const abort = new AbortController()
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => (stopped ??= launch.stop())
  const onSignal = (signal: NodeJS.Signals): void => {
    if (!abort.signal.aborted) {
      say(`${signal}: stopping everything (again = at once)`)
      abort.abort()
      return
    }
    say(`${signal} again: killing everything`)
    void launch.kill().finally(() => process.exit(130))
  }
  for (const signal of signals) process.on(signal, onSignal)
  return { signal: abort.signal, stop }
}

/** Resolves when a signal came. */
export const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
