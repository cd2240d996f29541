/** The agent's own periods, apart from what documents and contents say. All in ms. */
export interface Timings {
  readonly heartbeatMs: number
  readonly freshForMs: number
  readonly stopGraceMs: number
  /** How often running tasks are looked at. The end of one that this agent started is told to it at once. */
  readonly pollMs: number
  /** How long an answer of another agent with this identity is waited for. */
  readonly askMs: number
  readonly retryFirstMs: number
  readonly retryMostMs: number
}
