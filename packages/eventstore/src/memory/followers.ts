/** Followers of the in-memory log: each reads at its own pace, in batches, and checks its position on every connect. */
import { markOf, type Follower, type FollowHandlers, type LogPosition, type Recorded } from '../log.ts'
import type { Settings } from './options.ts'
import type { Stream } from './stream.ts'

const BATCH = 1_000

export interface Followers {
  add(from: LogPosition | undefined, handlers: FollowHandlers): Follower
  wake(): void
  delay(delayMs: number): void
  disconnected(): void
  reconnected(): void
}

interface Reader {
  connect(): void
  wake(): void
  disconnect(): void
}

export const createFollowers = (stream: Stream, settings: Settings, isConnected: () => boolean): Followers => {
  const { clock, schedule } = settings
  const readers = new Set<Reader>()
  let delayMs = 0
  const soon = (run: () => void): void => {
    if (delayMs > 0) clock.after(delayMs, () => schedule(run))
    else schedule(run)
  }

  const add = (from: LogPosition | undefined, handlers: FollowHandlers): Follower => {
    let position: LogPosition = from ?? { created: stream.created, seq: 0 }
    let stopped = false
    let pumping = false
    let connects = 0
    /** Sequence up to which the present connection has to read before it is caught up. */
    let target: number | undefined

    const stop = (): void => {
      stopped = true
      readers.delete(reader)
    }

    const nextBatch = (): Recorded[] => {
      const batch: Recorded[] = []
      for (let seq = position.seq + 1; seq <= stream.lastSeq && batch.length < BATCH; seq++) {
        const recorded = stream.get(seq)
        if (recorded !== undefined) batch.push(recorded)
      }
      return batch
    }

    const deliver = (batch: readonly Recorded[]): void => {
      handlers.onBatch(batch)
      const last = batch.at(-1)
      if (last !== undefined) position = { created: position.created, seq: last.seq, mark: markOf(last) }
    }

    const pump = (connect: number): void => {
      pumping = false
      if (stopped || !isConnected() || connect !== connects) return
      try {
        const batch = nextBatch()
        if (batch.length > 0) deliver(batch)
        const more = nextBatch().length > 0
        if (!stopped && target !== undefined && (position.seq >= target || !more)) {
          const caughtUp = target
          target = undefined
          handlers.onCaughtUp?.(Math.max(caughtUp, position.seq))
        }
        if (more) wake()
      } catch (error) {
        stop()
        handlers.onEnd?.(error instanceof Error ? error : new Error(String(error)))
      }
    }

    const wake = (): void => {
      if (pumping || stopped) return
      pumping = true
      const connect = connects
      soon(() => pump(connect))
    }

    const connect = (): void => {
      const why = stream.mismatch(position)
      if (why !== undefined) {
        stop()
        handlers.onRewound?.(why)
        return
      }
      position = { ...position, created: stream.created }
      target = stream.lastSeq
      connects++
      pumping = false
      wake()
    }

    const reader: Reader = {
      wake,
      connect: () => {
        handlers.onLive?.(true)
        connect()
      },
      disconnect: () => handlers.onLive?.(false),
    }
    readers.add(reader)
    if (isConnected()) schedule(() => (stopped ? undefined : connect()))
    return {
      async stop() {
        stop()
      },
    }
  }

  return {
    add,
    wake: () => {
      for (const reader of readers) reader.wake()
    },
    delay: (ms) => void (delayMs = ms),
    disconnected: () => {
      for (const reader of readers) reader.disconnect()
    },
    reconnected: () => {
      for (const reader of readers) reader.connect()
    },
  }
}
