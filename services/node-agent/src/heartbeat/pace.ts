/**
 * When a node beats: every so often, and besides right when a window of a validating execution has ended, because a judge
 * must not wait for what the node already knows. Real and simulated agents keep the same pace.
 */

/** No node beats more often, whatever validates on it. Only the last beat, which says `bye`, does not wait. */
export const BEATS_APART_MS = 100
/** Windows that end within this time of each other share a beat. */
export const WINDOWS_SHARE_MS = 5

export interface Pace {
  /** Of the last beat. All instants are monotonic, ms. */
  readonly sentMs: number
  /** The regular pause between two beats. */
  readonly everyMs: number
  /** When the first window was cut that no beat has shown; undefined when none was. */
  readonly cutMs: number | undefined
  /** When the next window of any execution ends. */
  readonly nextEndMs: number | undefined
}

export const nextBeatMs = ({ sentMs, everyMs, cutMs, nextEndMs = Infinity }: Pace): number => {
  const regularMs = sentMs + everyMs
  // A regular beat right before a window ends would hold up the one that shows it.
  const dueMs = nextEndMs >= regularMs && nextEndMs < regularMs + BEATS_APART_MS ? nextEndMs : regularMs
  const newsMs = cutMs === undefined ? Infinity : nextEndMs <= cutMs + WINDOWS_SHARE_MS ? nextEndMs : cutMs
  return Math.max(sentMs + BEATS_APART_MS, Math.min(dueMs, newsMs))
}
