/**
 * What an implementation gives to the contract suites. The capabilities are optional: a case that needs one that is
 * missing is skipped by name, so the report shows what was not proven.
 */
import { vi } from 'vitest'
import type { Bus, CommandQueue } from '../bus.ts'
import type { KeyValue, ObjectStore } from '../kv.ts'
import type { Log } from '../log.ts'

export interface LogHarness {
  readonly log: Log
  /** Another process's view of the same log. */
  readonly other: Log
  /** The archive and snapshots that belong to it, for checkpointed history. */
  readonly archive: ObjectStore
  /** Ends the server without warning (kill -9) and starts it again on the same storage. */
  readonly killAndRestart?: () => Promise<void>
  /** The next append of `log` is stored, but its first acknowledgement is lost. */
  readonly loseNextAck?: () => Promise<void> | void
  /** The connection of `log` is lost, and is back when the promise resolves. */
  readonly cutConnection?: () => Promise<void>
  /** The server loses every message above `seq`; connections are back when the promise resolves. */
  readonly rewind?: (seq: number) => Promise<void>
  /** Another stream takes the place of this one, with none of its messages. */
  readonly recreate?: () => Promise<void>
  readonly stop: () => Promise<void>
}

export interface KeyValueHarness {
  readonly kv: KeyValue
  /** Another process's view of the same bucket. */
  readonly other: KeyValue
  readonly stop: () => Promise<void>
}

export interface BusHarness {
  readonly bus: Bus
  readonly other: Bus
  readonly stop: () => Promise<void>
}

export interface CommandQueueHarness {
  readonly queue: CommandQueue
  /** Publishes like any NATS client; the subject lies under `cmd.job.` or `cmd.node.`. */
  readonly publish: (subject: string, data: Uint8Array, headers?: Readonly<Record<string, string>>) => Promise<void>
  readonly stop: () => Promise<void>
}

export interface ObjectStoreHarness {
  readonly objects: ObjectStore
  readonly other: ObjectStore
  readonly stop: () => Promise<void>
}

/** Long enough for a loaded machine; a test ends as soon as the condition holds. */
export const DEADLINE_MS = 30_000

/** Resolves when `check` no longer throws. */
export const eventually = (check: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(check, { timeout: DEADLINE_MS, interval: 10 })

export const text = (value: string): Uint8Array => new TextEncoder().encode(value)
export const asText = (data: Uint8Array): string => new TextDecoder().decode(data)

/** Runs one case on a harness of its own. */
export const runOn = async <H extends { readonly stop: () => Promise<void> }>(
  make: () => Promise<H>,
  run: (harness: H) => Promise<void>,
): Promise<void> => {
  const harness = await make()
  try {
    await run(harness)
  } finally {
    await harness.stop()
  }
}
