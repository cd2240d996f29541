/** Something that was accepted, but that its author should know about. */
export interface Warning {
  /** Stable word: translated, coerced, ignored, suspicious. */
  readonly code: 'translated' | 'coerced' | 'ignored' | 'suspicious'
  /** Dotted path of the field, as it was written. */
  readonly path: string
  readonly message: string
}
