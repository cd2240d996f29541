/** A restarting execution reports at most once a minute: which transitions count as the repeats of a crash loop. */
import type { Transition } from '@dunlin/contracts/agent'

const MINUTE_MS = 60_000

export interface Telling {
  readonly state: Transition['state']
  /** What the log was last told. */
  readonly toldState: Transition['state']
  /** When `degraded` was last told, monotonic. */
  readonly toldDegradedMs: number
}

export const canTell = ({ state, toldState, toldDegradedMs }: Telling, nowMs: number): boolean => {
  if (state === 'degraded') return nowMs - toldDegradedMs >= MINUTE_MS
  // The attempt after a crash that was told is told; after one that was held back the log already says running.
  if (state === 'running') return toldState !== 'running'
  return true
}
