/**
 * Brings one subject of the fold up to a sequence that the log has told of: the follower usually delivers it within a
 * moment; when it does not, the tail of the subject is read.
 */
import { DunlinError } from '@dunlin/contracts/agent'
import type { StoreClock } from '../clock.ts'
import { fetchState } from '../fold/fetch-state.ts'
import type { Fold, Kinds } from '../fold/types.ts'
import type { ObjectStore } from '../kv.ts'
import type { Log } from '../log.ts'

export interface CatchUpOptions<K extends Kinds> {
  readonly log: Pick<Log, 'read' | 'last'>
  readonly fold: Fold<K>
  readonly clock: StoreClock
  readonly archive: Pick<ObjectStore, 'get'> | undefined
  readonly patienceMs: number
  readonly sha256: (data: string | Uint8Array) => string
}

export const createCatchUp = <K extends Kinds>(options: CatchUpOptions<K>) => {
  const { log, fold, clock, archive, patienceMs } = options

  const delivered = (subject: string, seq: number): Promise<boolean> =>
    new Promise((resolve) => {
      let timer: { cancel(): void } | undefined
      const cancel = fold.whenFolded(subject, seq, () => {
        timer?.cancel()
        timer = undefined
        resolve(true)
      })
      timer = clock.after(patienceMs, () => {
        cancel()
        resolve(false)
      })
      // Already folded: the timer was armed for nothing.
      if (fold.folded(subject) >= seq) timer.cancel()
    })

  const readTail = async (subject: string): Promise<void> => {
    for await (const recorded of log.read(subject, fold.folded(subject) + 1)) {
      const missing = fold.missingCheckpoint(recorded)
      if (missing !== undefined) {
        // Without an archive only the follower may fold it; the caller decides again later.
        if (archive === undefined) return
        fold.provide(missing.object, await fetchState(archive, missing, options.sha256))
      }
      fold.applyAhead(recorded)
    }
  }

  /**
   * @param expected what the refused append had stated
   * @param actual last sequence of the subject, when the log told it
   * @throws DunlinError log_rewound when the log ends below what this fold has seen
   */
  return async (subject: string, expected: number, actual: number | undefined): Promise<void> => {
    if (fold.folded(subject) > expected && (actual === undefined || fold.folded(subject) >= actual)) return
    if (actual !== undefined && actual >= expected && (await delivered(subject, actual))) return
    await readTail(subject)
    if (fold.folded(subject) > expected) return
    const last = await log.last(subject)
    if ((last?.seq ?? 0) < expected)
      throw new DunlinError('log_rewound', `${subject} ends at ${last?.seq ?? 0}, but ${expected} was read from it.`)
  }
}
