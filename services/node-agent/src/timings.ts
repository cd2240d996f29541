/** The agent's own periods, apart from what documents and contents say. All in ms. */
export interface Timings {
  readonly heartbeatMs: number
  readonly freshForMs: number
  readonly stopGraceMs: number
  /** How often running tasks are looked at. */
  readonly pollMs: number
  /** How long an answer of another agent with this identity is waited for. */
  readonly askMs: number
  readonly retryFirstMs: number
  readonly retryMostMs: number
}
