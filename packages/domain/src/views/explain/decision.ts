/** What an explanation is made of. */
export interface Check {
  readonly is: 'agrees' | 'disagrees' | 'not_computable'
  readonly message: string
  readonly node?: string
}

/** One event of the log, told in a sentence. */
export interface ToldDecision {
  readonly seq: number
  readonly at: number
  readonly by: string
  readonly event: string
  readonly message: string
  readonly rollout?: string
  /** The commit that made a process decide this. */
  readonly causeSeq?: number
  /** Of a verdict or a halt: what computing it again gave. */
  readonly checks?: readonly Check[]
}

export interface Checked {
  readonly decisions: number
  readonly agree: number
  readonly disagree: number
  readonly notComputable: number
  readonly unverified: Unverified
}

/**
 * What decisions rest on that nothing in the log proves: it is taken as it was recorded. How often, by kind: `windows` that
 * nodes cut and counted themselves, endings that they reported, silence that a judge saw, connections, and lack of sight.
 */
export interface Unverified {
  readonly windows: number
  readonly reports: number
  readonly silences: number
  readonly connections: number
  readonly sight: number
}

export const nothingTaken: Unverified = { windows: 0, reports: 0, silences: 0, connections: 0, sight: 0 }

export const takenTogether = (a: Unverified, b: Unverified): Unverified => ({
  windows: a.windows + b.windows,
  reports: a.reports + b.reports,
  silences: a.silences + b.silences,
  connections: a.connections + b.connections,
  sight: a.sight + b.sight,
})

/** `one, two, three and 4 more` */
export const some = (names: readonly string[], most = 5): string => {
  const left = names.length - most
  return left > 0 ? `${names.slice(0, most).join(', ')} and ${left} more` : names.join(', ')
}
