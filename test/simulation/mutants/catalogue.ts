/**
 * Bugs put in on purpose: each row of reference section 4 that applies, by an exact replacement in one source file. A text
 * that is not found exactly once is an error: the code has changed, and the mutant must be written again.
 */
import { closedNodes } from './catalogue/closed-nodes.ts'
import { halting } from './catalogue/halting.ts'
import { limits } from './catalogue/limits.ts'
import { nodes } from './catalogue/nodes.ts'
import { rollouts } from './catalogue/rollouts.ts'
import { services } from './catalogue/services.ts'
import type { Mutant } from './mutant.ts'

export const mutants: readonly Mutant[] = [...nodes, ...rollouts, ...halting, ...services, ...closedNodes, ...limits]
