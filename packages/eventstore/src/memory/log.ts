/**
 * The log port in memory: a connection to a `Stream` that can be cut, lose answers and be refused, so that the contract
 * suite and the simulator meet the same faults as on a real server.
 */
import { DunlinError, type ErrorCode } from '@dunlin/contracts/agent'
import type { AppendRequest, AppendResult, Log, Recorded } from '../log.ts'
import { createFollowers, type Followers } from './followers.ts'
import { scheduled, type Settings } from './options.ts'
import { createStream } from './stream.ts'

/** Sees the log as the server does: at once, whatever connections and followers go through. */
export interface LogTap {
  readonly onStored: (recorded: Recorded) => void
  /** Everything above `seq` is gone. */
  readonly onRewound: (seq: number) => void
}

export interface LogFaults {
  /**
   * The next `count` appends are stored, but their answer is lost. `asks_again`: the port asks again under the same id, as
   * it must; `gives_up`: it cannot before its time is over, so the writer never learns (`log_unavailable`).
   */
  loseNextAcks(count: number, then?: 'asks_again' | 'gives_up'): void
  /** Every append is refused with this code and stores nothing, until `undefined`. */
  refuseAppends(code: ErrorCode | undefined): void
  /** Messages reach followers this much later. */
  delayDelivery(delayMs: number): void
  /** Connection lost: appends wait for `restore` (or their time to be over), followers are told. */
  cut(): void
  restore(): void
  /** The server lost everything above `seq`; connections come back at once. */
  rewindTo(seq: number): void
  /** Another stream with the same messages up to `keepUpTo` (0 = none), as after a restore. */
  recreate(keepUpTo?: number): void
  /** Replaces the stored bytes of a message. */
  corrupt(seq: number, data: Uint8Array): void
  /** Another size limit from now on; what is stored stays. -1 = none. */
  limit(maxBytes: number): void
  tap(tap: LogTap): void
}

const isoAt = (ms: number): string => new Date(ms).toISOString()

export const createMemoryLog = (settings: Settings): { readonly log: Log; readonly faults: LogFaults } => {
  const { clock, schedule } = settings
  const stream = createStream(isoAt(clock.nowMs()), settings.maxBytes, settings.duplicateWindowMs)
  let connected = true
  let recreations = 0
  let refused: ErrorCode | undefined
  let acksToLose = 0
  let afterLoss: 'asks_again' | 'gives_up' = 'asks_again'
  const parked = new Set<() => void>()
  const taps: LogTap[] = []
  const followers: Followers = createFollowers(stream, settings, () => connected)

  /** Resolves when there is a connection; rejects when `deadlineMs` passes first. */
  const connection = (deadlineMs: number): Promise<void> => {
    if (connected) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const timer = clock.after(Math.max(0, deadlineMs - clock.monotonicMs()), () => {
        parked.delete(go)
        reject(new DunlinError('log_unavailable'))
      })
      const go = (): void => {
        timer.cancel()
        resolve()
      }
      parked.add(go)
    })
  }

  /** One question and one answer; undefined = the answer was lost. */
  const ask = (request: AppendRequest): Promise<AppendResult | undefined> =>
    new Promise((resolve, reject) => {
      schedule(() => {
        if (!connected) return resolve(undefined)
        if (refused !== undefined) return reject(new DunlinError(refused))
        let result: AppendResult | undefined
        try {
          result = stream.store(request, clock.nowMs())
        } catch (error) {
          return reject(error instanceof Error ? error : new Error(String(error)))
        }
        if (result.ok && !result.duplicate) {
          const recorded = taps.length > 0 ? stream.get(result.seq) : undefined
          if (recorded !== undefined) for (const tap of taps) tap.onStored(recorded)
          followers.wake()
        }
        if (result.ok && acksToLose > 0) {
          acksToLose--
          if (afterLoss === 'gives_up') return reject(new DunlinError('log_unavailable'))
          result = undefined
        }
        schedule(() => resolve(result))
      })
    })

  const appendStubbornly = async (request: AppendRequest, deadlineMs: number): Promise<AppendResult> => {
    for (;;) {
      await connection(deadlineMs)
      const result = await ask(request)
      if (result !== undefined) return result
      if (clock.monotonicMs() >= deadlineMs) throw new DunlinError('log_unavailable')
    }
  }

  const whenConnected = async <T>(act: () => T): Promise<T> => {
    await connection(clock.monotonicMs() + settings.appendTimeoutMs)
    return scheduled(schedule, act)
  }

  const reconnect = (): void => {
    connected = true
    for (const go of parked) go()
    parked.clear()
    followers.reconnected()
  }

  const log: Log = {
    append: (request) => {
      const deadlineMs = clock.monotonicMs() + settings.appendTimeoutMs
      if (!connected) return appendStubbornly(request, deadlineMs)
      return ask(request).then((result) => result ?? appendStubbornly(request, deadlineMs))
    },
    last: (subject) => whenConnected(() => stream.lastOf(subject)),
    at: (seq) => whenConnected(() => stream.get(seq)),
    info: () => whenConnected(() => stream.info()),
    purge: (subject, belowSeq) => whenConnected(() => stream.purge(subject, belowSeq)),
    async *read(subject, fromSeq = 0) {
      let next = fromSeq
      for (;;) {
        const found: Recorded | undefined = await whenConnected(() => {
          const seq = stream.seqsOf(subject).find((seq) => seq >= next)
          return seq === undefined ? undefined : stream.get(seq)
        })
        if (found === undefined) return
        yield found
        next = found.seq + 1
      }
    },
    follow: (from, handlers) => followers.add(from, handlers),
  }

  const faults: LogFaults = {
    loseNextAcks(count, then = 'asks_again') {
      acksToLose = count
      afterLoss = then
    },
    refuseAppends: (code) => void (refused = code),
    delayDelivery: (delayMs) => followers.delay(delayMs),
    cut() {
      connected = false
      followers.disconnected()
    },
    restore: reconnect,
    rewindTo(seq) {
      followers.disconnected()
      stream.rewindTo(seq)
      for (const tap of taps) tap.onRewound(seq)
      reconnect()
    },
    recreate(keepUpTo = 0) {
      followers.disconnected()
      stream.rewindTo(keepUpTo)
      for (const tap of taps) tap.onRewound(keepUpTo)
      stream.created = isoAt(clock.nowMs() + ++recreations)
      reconnect()
    },
    corrupt: (seq, data) => stream.corrupt(seq, data),
    limit: (maxBytes) => stream.limit(maxBytes),
    tap: (tap) => void taps.push(tap),
  }
  return { log, faults }
}
