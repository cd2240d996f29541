/** What the in-memory store takes from outside, so that a test or the simulator owns time and the order of deliveries. */
import { wallClock, type StoreClock } from '../clock.ts'

export interface MemoryStoreOptions {
  /** Subject to ring when a desired document is written; none = no doorbell. */
  readonly doorbell?: (key: string) => string
  readonly clock?: StoreClock
  /** Every delivery and every answer goes through here. Default: queueMicrotask. */
  readonly schedule?: (run: () => void) => void
  /** -1 = no limit. */
  readonly maxBytes?: number
  readonly duplicateWindowMs?: number
  /** How long an append asks again for a lost answer. */
  readonly appendTimeoutMs?: number
  readonly leaseTtlMs?: number
  /** After this without an answer or `working`, a command is delivered again. */
  readonly commandAckWaitMs?: number
}

export type Settings = Required<Omit<MemoryStoreOptions, 'doorbell'>> & {
  readonly doorbell: ((key: string) => string) | undefined
}

export const settingsOf = (options: MemoryStoreOptions): Settings => ({
  doorbell: options.doorbell,
  clock: options.clock ?? wallClock,
  schedule: options.schedule ?? ((run) => queueMicrotask(run)),
  maxBytes: options.maxBytes ?? -1,
  duplicateWindowMs: options.duplicateWindowMs ?? 30_000,
  appendTimeoutMs: options.appendTimeoutMs ?? 5_000,
  leaseTtlMs: options.leaseTtlMs ?? 15_000,
  commandAckWaitMs: options.commandAckWaitMs ?? 30_000,
})

/** Runs `act` at the scheduler's time and gives its result. */
export const scheduled = <T>(schedule: Settings['schedule'], act: () => T): Promise<T> =>
  new Promise((resolve, reject) => {
    schedule(() => {
      try {
        resolve(act())
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)))
      }
    })
  })
