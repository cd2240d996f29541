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
}

/** `one, two, three and 4 more` */
export const some = (names: readonly string[], most = 5): string => {
  const left = names.length - most
  return left > 0 ? `${names.slice(0, most).join(', ')} and ${left} more` : names.join(', ')
}
