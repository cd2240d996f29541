/** One bug that is put in on purpose. */
export interface Mutant {
  readonly name: string
  /** The row of reference section 4, or the law, that it goes against. */
  readonly tracker: string
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
  /** A second change in the same file, where a second line of defence hides the first. */
  readonly also?: { readonly find: string; readonly replace: string }
}
