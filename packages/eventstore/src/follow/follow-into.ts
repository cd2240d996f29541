/**
 * Drives a follower of the log into a fold: in order, with the states of checkpoints fetched first, and from the
 * beginning again when the log went backwards.
 */
import { createHash } from 'node:crypto'
import { DunlinError } from '@dunlin/contracts/agent'
import { pause, wallClock, type StoreClock } from '../clock.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Follower, Log } from '../log.ts'
import { createHolding } from './hold.ts'
import { createSeqWaiters } from './waiters.ts'

export interface FollowIntoOptions {
  /** Where the states of checkpoints lie. */
  readonly archive: Pick<ObjectStore, 'get'>
  /** The fold holds everything that existed when following began (or began again). Comes again after a reconnect. */
  readonly onCaughtUp?: (seq: number) => void
  /** The fold was emptied and is being rebuilt from the beginning; until `onCaughtUp` it must not be decided on. */
  readonly onRewound?: (why: string) => void
  readonly onLive?: (live: boolean) => void
  /** Following ended by itself; nothing more comes. */
  readonly onEnd?: (error: Error) => void
  readonly clock?: StoreClock
  /** Lower-case hex digest; node:crypto's by default. */
  readonly sha256?: (data: string | Uint8Array) => string
  /** Messages held back while the state of a checkpoint is fetched. */
  readonly holdAtMost?: number
}

export interface FollowHealth {
  /** There is a connection to the log. */
  readonly live: boolean
  readonly caughtUp: boolean
  /** Sequence up to which everything is folded. */
  readonly seq: number
  /** How far the log was ahead of that when it was last asked. */
  readonly lag: number
}

export interface FoldFollower {
  /** Resolves when the fold has caught up for the first time; rejects when following ended before. */
  readonly caughtUp: Promise<void>
  /** Resolves when the log is folded up to `seq`. Rejects with log_rewound or not_ready when that cannot be. */
  waitFor(seq: number): Promise<void>
  health(): FollowHealth
  /** Asks the log how far it is; `health` tells it from then on. */
  measureLag(): Promise<number>
  stop(): Promise<void>
}

const RETRY_MS = 200
const nodeSha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

/** Follows from the fold's own position: the beginning, or that of its snapshot. */
export const followInto = <K extends Kinds>(
  fold: Fold<K>,
  log: Pick<Log, 'follow' | 'info'>,
  options: FollowIntoOptions,
): FoldFollower => {
  const clock = options.clock ?? wallClock
  const waiters = createSeqWaiters()
  let follower: Follower | undefined
  /** Rises with every new follower; handlers of earlier ones are deaf. */
  let round = 0
  let stopped = false
  let ended: Error | undefined
  let live = true
  let isCaughtUp = false
  let overflowed = false
  /** Told while batches were held back; true only when they are folded. */
  let caughtUpAt: number | undefined
  /** The end of the log is asked for before it counts as caught up. */
  let asking = false
  let logEnd = 0
  let reached = fold.position?.seq ?? 0
  const { promise: caughtUp, resolve: firstCaughtUp, reject: neverCaughtUp } = Promise.withResolvers<void>()
  // Whoever waits for it hears; nobody has to.
  caughtUp.catch(() => {})

  const advance = (): void => {
    reached = Math.max(reached, fold.position?.seq ?? 0)
    logEnd = Math.max(logEnd, reached)
    waiters.reached(reached)
  }

  const end = (error: Error): void => {
    if (ended !== undefined || stopped) return
    ended = error
    round++
    neverCaughtUp(error)
    waiters.fail(error)
    options.onEnd?.(error)
  }

  const tellCaughtUp = (): void => {
    if (caughtUpAt === undefined || holding.isHolding || asking) return
    const seq = caughtUpAt
    caughtUpAt = undefined
    reached = Math.max(reached, seq)
    isCaughtUp = true
    advance()
    firstCaughtUp()
    options.onCaughtUp?.(seq)
  }

  const holding = createHolding({
    fold,
    archive: options.archive,
    sha256: options.sha256 ?? nodeSha256,
    clock,
    atMost: options.holdAtMost ?? 100_000,
    onFolded: advance,
    onReleased: () => {
      if (!overflowed) return tellCaughtUp()
      overflowed = false
      begin()
    },
    onOverflow: () => {
      overflowed = true
      caughtUpAt = undefined
      halt()
    },
    onFailed: (error) => end(error instanceof Error ? error : new Error(String(error))),
  })

  /** Ends the present follower; what it still says is not heard. */
  const halt = (): void => {
    round++
    asking = false
    void follower?.stop()
    follower = undefined
  }

  const rewound = (why: string): void => {
    halt()
    holding.drop()
    overflowed = false
    caughtUpAt = undefined
    isCaughtUp = false
    reached = 0
    logEnd = 0
    fold.reset()
    waiters.fail(new DunlinError('log_rewound', why))
    options.onRewound?.(why)
    begin()
  }

  /** The fold holds more than the log had when the follower connected: either it grew since, or it was cut below that. */
  const askForEnd = async (mine: number, leastSeq: number): Promise<void> => {
    const isWanted = (): boolean => mine === round && !stopped
    while (isWanted()) {
      const info = await log.info().catch(() => undefined)
      if (!isWanted()) return
      if (info === undefined) {
        await pause(clock, RETRY_MS)
        continue
      }
      asking = false
      if (info.lastSeq >= leastSeq) return tellCaughtUp()
      return rewound(`the log ends at ${info.lastSeq}, below the acknowledged message ${leastSeq}`)
    }
  }

  const setLive = (now: boolean): void => {
    if (now === live) return
    live = now
    options.onLive?.(now)
  }

  const follow = (): void => {
    const mine = ++round
    const heard = (): boolean => mine === round
    follower = log.follow(fold.position, {
      onBatch: (batch) => {
        if (!heard()) return
        const why = fold.contradiction(batch)
        if (why === undefined) holding.batch(batch)
        else rewound(why)
      },
      onCaughtUp: (seq) => {
        if (!heard()) return
        // A follower that begins while the log is reachable says nothing about it, whatever the one before it said last.
        setLive(true)
        caughtUpAt = seq
        const ahead = fold.foldedAhead()
        if (ahead <= seq || asking) return tellCaughtUp()
        asking = true
        void askForEnd(mine, ahead)
      },
      onRewound: (why) => (heard() ? rewound(why) : undefined),
      onLive: (now) => {
        if (heard()) setLive(now)
      },
      onEnd: (error) => {
        if (heard()) end(error ?? new DunlinError('log_unavailable', 'Following the log ended.'))
      },
    })
  }

  /** A fold without a position learns first which stream it is going to hold. */
  const learnAndFollow = async (mine: number): Promise<void> => {
    const isWanted = (): boolean => mine === round && !stopped
    while (isWanted()) {
      try {
        const { created } = await log.info()
        if (!isWanted()) return
        fold.reach({ created, seq: 0 })
        return follow()
      } catch {
        await pause(clock, RETRY_MS)
      }
    }
  }

  const begin = (): void => {
    if (stopped) return
    if (fold.position !== undefined && fold.position.created !== '') follow()
    else
      learnAndFollow(++round).catch((error: unknown) => end(error instanceof Error ? error : new Error(String(error))))
  }

  begin()

  return {
    caughtUp,
    waitFor(seq) {
      if (reached >= seq) return Promise.resolve()
      if (ended !== undefined) return Promise.reject(ended)
      if (stopped) return Promise.reject(new DunlinError('not_ready', 'Following the log was stopped.'))
      return waiters.wait(seq)
    },
    health: () => ({ live, caughtUp: isCaughtUp, seq: reached, lag: Math.max(0, logEnd - reached) }),
    async measureLag() {
      logEnd = Math.max((await log.info()).lastSeq, reached)
      return logEnd - reached
    },
    async stop() {
      stopped = true
      const last = follower
      halt()
      holding.drop()
      const error = new DunlinError('not_ready', 'Following the log was stopped.')
      neverCaughtUp(error)
      waiters.fail(error)
      await last?.stop()
    },
  }
}
