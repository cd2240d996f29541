/** What an event's commit says besides the event: folds take it along. */
export interface CommitContext {
  readonly seq: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly by: string
}
