/** Parts that the tests of this package share: a clock that a test turns, a tally fold, a quick writer. */
import { createHash } from 'node:crypto'
import type { StoreClock } from '../clock.ts'
import { createFold } from '../fold/fold.ts'
import type { Fold } from '../fold/types.ts'
import { createCommandHandler } from '../handle/handle-command.ts'
import type { HandleResult } from '../handle/types.ts'
import type { Log, Recorded } from '../log.ts'
import { addOnce, bytesOf, reportTally, routeTally, tally, tallySubject, type Tally } from './tally.ts'

export type TallyKinds = { readonly tally: Tally; readonly report: Tally }

export const sha256Hex = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex')

export const tallyFold = (options: Partial<Parameters<typeof createFold<TallyKinds>>[0]> = {}): Fold<TallyKinds> =>
  createFold<TallyKinds>({ route: routeTally, kinds: { tally, report: reportTally }, ...options })

/** Virtual time: nothing happens before `advance`. */
export interface TestClock extends StoreClock {
  advance(ms: number): void
}

export const testClock = (): TestClock => {
  let now = 1_000_000
  let timers: { readonly atMs: number; readonly run: () => void }[] = []
  return {
    nowMs: () => now,
    monotonicMs: () => now,
    after(delayMs, run) {
      const timer = { atMs: now + delayMs, run }
      timers.push(timer)
      return { cancel: () => void (timers = timers.filter((other) => other !== timer)) }
    },
    advance(ms) {
      const untilMs = now + ms
      for (;;) {
        const next = timers.filter(({ atMs }) => atMs <= untilMs).toSorted((a, b) => a.atMs - b.atMs)[0]
        if (next === undefined) break
        timers = timers.filter((other) => other !== next)
        now = Math.max(now, next.atMs)
        next.run()
      }
      now = untilMs
    },
  }
}

/** Lets everything that is scheduled as a microtask or an immediate happen. */
export const settle = async (): Promise<void> => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve))
}

export const message = (seq: number, subject: string, body: unknown): Recorded => ({
  seq,
  subject,
  data: body instanceof Uint8Array ? body : bytesOf(body),
  storedAtMs: 0,
  msgId: `m${seq}`,
})

/** A writer as a service is one, with its own fold. */
export const tallyWriter = (log: Log, clock: StoreClock, fold: Fold<TallyKinds> = tallyFold()) => {
  const handler = createCommandHandler({ log, fold, sha256: sha256Hex, clock })
  return {
    fold,
    handler,
    add: (key: string, id: string, n = 1): Promise<HandleResult<Tally>> =>
      handler.handle({
        subject: tallySubject(key),
        kind: 'tally',
        key,
        command: { id, by: 'service:log', at: clock.nowMs() },
        decide: addOnce(id, n),
      }),
  }
}

/** State of every tally, in a form that two folds can be compared by. */
export const tallies = (fold: Fold<TallyKinds>) =>
  [...fold.table('tally')]
    .map(([key, { v, seq, at, condition, state }]) => ({ key, v, seq, at, condition, state }))
    .toSorted((a, b) => (a.key < b.key ? -1 : 1))
