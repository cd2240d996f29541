// What became of the messages, counted once each. The error rate of a window is the growth of `failed` over the growth of
// `received`; a window without traffic proves nothing.

export interface PipelineCounters {
  readonly received: number
  /** Handed to the output, flagged or not. */
  readonly delivered: number
  /** Messages that arrived at the output flagged, were refused by it at least once, or could not be read; once each. */
  readonly failed: number
  /** Deleted by a processor, which is no failure. */
  readonly dropped: number
  readonly inputConnected: boolean
  readonly outputConnected: boolean
  /** Why the input or the output is not connected. */
  readonly reasons: readonly string[]
}

/** `stopped` by a call, `completed` because a bounded input ended, `failed` because the pipeline could not go on. */
export interface PipelineEnd {
  readonly kind: 'stopped' | 'completed' | 'failed'
  readonly reason: string
}
