/**
 * Bugs put in on purpose: each row of reference section 4 that applies, by an exact replacement in one source file. A text
 * that is not found exactly once is an error: the code has changed, and the mutant must be written again.
 */
import { halting } from './catalogue/halting.ts'
import { nodes } from './catalogue/nodes.ts'
import { rollouts } from './catalogue/rollouts.ts'
import { services } from './catalogue/services.ts'

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

export const mutants: readonly Mutant[] = [...nodes, ...rollouts, ...halting, ...services]
