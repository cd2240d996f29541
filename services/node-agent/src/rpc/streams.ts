/**
 * Answers in parts that are under way. What is sent is bounded by what the caller says it has taken, so a slow caller makes
 * nothing grow here; one that is silent for some seconds, or says that it has enough, ends its stream.
 */
import {
  ALIVE_EVERY_MS,
  DunlinError,
  SILENT_AFTER_MS,
  writeFrame,
  type Frame,
  type More,
  type StreamHead,
} from '@dunlin/contracts/agent'
import type { BusMessage } from '@dunlin/eventstore/agent'
import { every, type Clock } from '@dunlin/runtime/agent'
import { asDunlinError } from './as-error.ts'

/** Where a method puts its parts. */
export interface Out {
  /** Aborted when nobody wants more; the reason says why. */
  readonly signal: AbortSignal
  /** Resolves with true when one more item may go, with false when nobody wants more. Several may wait. */
  ready(): Promise<boolean>
  /** Sends one item; to be called once after each `ready`. */
  item(value: unknown, bytes?: Uint8Array): void
}

/** What a method says last, or throws. */
export type Run = (out: Out) => Promise<unknown>

export interface Streams {
  open(message: BusMessage, head: StreamHead, run: Run): void
  more(more: More): void
  count(): number
  stop(): void
}

interface Open {
  readonly more: (more: More) => void
  readonly abort: (why: string) => void
}

/** More at once would be a fleet of readers on one node. */
const MOST_STREAMS = 32
const NO_BYTES = new Uint8Array(0)

export const createStreams = (clock: Clock): Streams => {
  const streams = new Map<string, Open>()

  const open = (message: BusMessage, head: StreamHead, run: Run): void => {
    const abort = new AbortController()
    const credit = { sent: 0, allowed: head.window }
    const waiting = new Set<() => void>()
    let n = 0
    let heardAt = clock.monotonicMs()
    let spokeAt = heardAt

    const wake = (): void => {
      for (const resolve of waiting) resolve()
      waiting.clear()
    }
    const send = (frame: Frame): void => {
      spokeAt = clock.monotonicMs()
      message.respond(writeFrame(frame))
    }
    const end = (why: string): void => {
      abort.abort(new Error(why))
      wake()
    }
    const beat = every(clock, ALIVE_EVERY_MS / 4, () => {
      const nowMs = clock.monotonicMs()
      if (nowMs - heardAt > SILENT_AFTER_MS) end('the caller is gone')
      else if (nowMs - spokeAt >= ALIVE_EVERY_MS && !abort.signal.aborted) send({ n: ++n, is: 'alive' })
    })
    const ready = async (): Promise<boolean> => {
      while (credit.sent >= credit.allowed && !abort.signal.aborted)
        await new Promise<void>((resolve) => waiting.add(resolve))
      return !abort.signal.aborted
    }
    const item = (value: unknown, bytes = NO_BYTES): void => {
      credit.sent += 1
      send({ n: ++n, is: 'item', value, bytes })
    }

    streams.set(head.stream, {
      abort: end,
      more: ({ taken, stop }) => {
        heardAt = clock.monotonicMs()
        if (stop) return end('the caller has enough')
        credit.allowed = Math.max(credit.allowed, taken + head.window)
        wake()
      },
    })
    void finish()

    async function finish(): Promise<void> {
      let last: Pick<Frame & { is: 'end' }, 'value' | 'problem'>
      try {
        last = { value: await run({ signal: abort.signal, ready, item }) }
      } catch (error) {
        last = { problem: asDunlinError(error).toProblem() }
      }
      beat.cancel()
      streams.delete(head.stream)
      if (!abort.signal.aborted) send({ n: ++n, is: 'end', ...last })
    }
  }

  return {
    open: (message, head, run) => {
      // A question that came twice is one stream; the second copy's answers would be numbered from 1 again.
      if (streams.has(head.stream)) return
      if (streams.size >= MOST_STREAMS)
        throw new DunlinError('too_many_streams', `This node answers ${MOST_STREAMS} such questions already.`)
      open(message, head, run)
    },
    more: (more) => streams.get(more.stream)?.more(more),
    count: () => streams.size,
    stop: () => {
      for (const { abort } of streams.values()) abort('the agent ends')
    },
  }
}
